import type { RelayDeps } from './deps.ts';
import { Refusal } from './errors.ts';
import type { Machine } from './store.ts';

/**
 * Runs `enter` with an account for a desktop: a new one, or undefined when this owner's desktop has one already. A new account
 * does not outlive a failure of `enter`. Refuses another account's desktop with `device.owned`.
 */
export async function withMachine(
  { store, machines, log }: RelayDeps,
  desktop: { kid: string; owner: string },
  enter: (machine: Machine) => Promise<unknown>,
): Promise<void> {
  const known = await store.device(desktop.kid);
  if (known && (known.owner !== desktop.owner || known.kind !== 'desktop')) throw new Refusal('device.owned');
  if (known?.machineUser) {
    await enter(undefined);
    return;
  }
  const machine = await machines.create(desktop.kid, desktop.owner);
  try {
    await enter(machine);
  } catch (error) {
    await machines.remove(machine.id).catch(() => log({ event: 'relay.machine-left' }));
    throw error;
  }
}
