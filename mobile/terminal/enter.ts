import type { Phone } from '../state/phone.ts';
import { untilView } from './until.ts';

/** How the terminal asks its person. `secret` is not echoed. */
export interface Questions {
  readonly ask: (question: string, options?: { secret?: boolean }) => Promise<string>;
  readonly say: (text: string) => void;
}

/** Leads from nothing to a signed-in and paired terminal. Rejects with PhoneFault or RelayError. */
export async function enter(phone: Phone, questions: Questions): Promise<void> {
  if (phone.view().desktops.length > 0 && phone.view().stage === 'ready') return;
  if (phone.view().stage === 'signed-out') await signIn(phone, questions);
  if (phone.view().stage === 'enrol') await enrol(phone, questions);
  if (phone.view().stage === 'factor') await phone.account.verify(await questions.ask('Code of your authenticator: '));
  if (phone.view().desktops.length === 0) await pair(phone, questions);
}

async function signIn(phone: Phone, { ask }: Questions): Promise<void> {
  const answer = await ask('Do you have an account here? [y/n] ');
  const email = await ask('E-mail: ');
  const password = await ask('Password: ', { secret: true });
  await (/^y/i.test(answer) ? phone.account.signIn({ email, password }) : phone.account.signUp({ email, password }));
}

async function enrol(phone: Phone, { ask, say }: Questions): Promise<void> {
  const { uri, secret, factorId } = await phone.account.enrol();
  say(`Add this account to your authenticator app:\n  ${uri}\n  key: ${secret}`);
  await phone.account.verify(await ask('Code it shows: '), factorId);
}

async function pair(phone: Phone, { ask, say }: Questions): Promise<void> {
  const opened = phone.pairing.open(await ask('Code or link that `errand pair` shows at the desktop: '));
  const digits = await untilView(phone, ({ pairing }) => {
    if (pairing.is === 'compare') return pairing.digits;
    return pairing.is === 'failed' || pairing.is === 'paired' ? '' : undefined;
  });
  if (digits !== '') say(`This terminal shows ${digits}. Compare, and allow it at the desktop.`);
  await opened;
  const end = phone.view().pairing;
  if (end.is === 'failed')
    throw new Error(`Not paired (${end.why}). Show a new code with \`errand pair\` and try again.`);
}
