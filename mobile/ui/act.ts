import { createSignal, type Accessor } from 'solid-js';
import { faultCode, type FaultCode } from '../link/fault.ts';
import { useApp } from './app.ts';

export interface Act {
  readonly busy: Accessor<boolean>;
  readonly fault: Accessor<FaultCode | undefined>;
  /** Runs one thing at a time; what went wrong is kept to be shown. */
  run(work: () => Promise<unknown>): void;
  clear(): void;
}

/** The session may be over: whether it is, and what to show then, is for the account to find out. */
const OVER: ReadonlySet<FaultCode> = new Set(['auth.missing', 'auth.invalid', 'account.gone']);

export function createAct(): Act {
  const { phone } = useApp();
  const [busy, setBusy] = createSignal(false);
  const [fault, setFault] = createSignal<FaultCode>();
  async function run(work: () => Promise<unknown>): Promise<void> {
    setBusy(true);
    setFault(undefined);
    try {
      await work();
    } catch (error) {
      const code = faultCode(error);
      setFault(code);
      // Out of reach: found out another time.
      if (OVER.has(code)) await phone.account.doubt().catch(() => undefined);
    } finally {
      setBusy(false);
    }
  }
  return {
    busy,
    fault,
    run: (work) => {
      if (!busy()) void run(work);
    },
    clear: () => setFault(undefined),
  };
}
