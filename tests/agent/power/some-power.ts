import { known, type PowerFacts, type PowerState, powerState } from '../../../agent/power/power-source.ts';

/** A machine in use: lid open, on mains, nobody away. */
export function somePower(changed: Partial<PowerFacts> = {}): PowerState {
  return powerState({
    lid: known('open'),
    docked: known(false),
    idleMs: known(0),
    sleeping: false,
    onAc: known(true),
    batteryPercent: known(80),
    locked: known(false),
    ...changed,
  });
}
