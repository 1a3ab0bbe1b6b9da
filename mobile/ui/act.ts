import { createSignal, type Accessor } from 'solid-js';
import { faultCode, type FaultCode } from '../link/fault.ts';

export interface Act {
  readonly busy: Accessor<boolean>;
  readonly fault: Accessor<FaultCode | undefined>;
  /** Runs one thing at a time; what went wrong is kept to be shown. */
  run(work: () => Promise<unknown>): void;
  clear(): void;
}

export function createAct(): Act {
  const [busy, setBusy] = createSignal(false);
  const [fault, setFault] = createSignal<FaultCode>();
  async function run(work: () => Promise<unknown>): Promise<void> {
    setBusy(true);
    setFault(undefined);
    try {
      await work();
    } catch (error) {
      setFault(faultCode(error));
    }
    setBusy(false);
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
