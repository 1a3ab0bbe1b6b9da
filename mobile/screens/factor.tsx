import { createSignal, Show, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { Button } from '../ui/button.tsx';
import { Gate } from '../ui/page.tsx';
import { CodeForm } from './code-form.tsx';
import { LostFactor } from './lost-factor.tsx';

/** The code of an authenticator that the account has already. */
export function Factor(): JSX.Element {
  const { phone, words } = useApp();
  const [lost, setLost] = createSignal(false);
  return (
    <Show when={!lost()} fallback={<LostFactor onBack={() => setLost(false)} />}>
      <Gate title={words.factor.title} lead={words.factor.lead}>
        <CodeForm done={words.factor.done} />
        <Button kind="quiet" onPress={() => setLost(true)}>
          {words.account.lost}
        </Button>
        <Button kind="quiet" onPress={() => void phone.account.signOut()}>
          {words.factor.otherAccount}
        </Button>
      </Gate>
    </Show>
  );
}
