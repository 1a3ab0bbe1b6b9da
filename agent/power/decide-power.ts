import type { PowerState } from './power-source.ts';

export type PowerSettings = {
  /** a closed lid ends the worker */
  lid: boolean;
  /** an idle machine ends the worker after `idleMinutes` */
  idle: boolean;
  idleMinutes: number;
  /** `errand up --stay`: the owner at the desk chose to ignore the lid */
  stay: boolean;
};

export type Activity = {
  runningTask: boolean;
  /** milliseconds since a phone last said anything; Infinity when none ever did */
  lastWordFromPhoneMs: number;
  stoppedByOwner: boolean;
};

export type WhyNot = 'stopped-by-owner' | 'asleep' | 'lid-closed' | 'idle';
export type PowerDecision = { run: true } | { run: false; why: WhyNot };

export type PowerQuestion = { state: PowerState; settings: PowerSettings; activity: Activity };

/** A closed lid with a screen and mains power is a desk, on battery it may be a backpack. */
function isDesk({ docked, onAc }: PowerState): boolean {
  return docked === true && onAc !== false;
}

function lidStops({ state, settings }: PowerQuestion): boolean {
  return settings.lid && !settings.stay && state.lid === 'closed' && !isDesk(state);
}

function idleStops({ state, settings, activity }: PowerQuestion): boolean {
  const limitMs = settings.idleMinutes * 60_000;
  return (
    settings.idle &&
    !activity.runningTask &&
    activity.lastWordFromPhoneMs >= limitMs &&
    state.idleMs !== 'unknown' &&
    state.idleMs >= limitMs
  );
}

/**
 * May the worker run? Pure. A lid, an idle time or a sleep that is 'unknown' never stops it.
 * The order is what the owner is told: their own word first, then what they can see.
 */
export function decidePower(question: PowerQuestion): PowerDecision {
  if (question.activity.stoppedByOwner) return { run: false, why: 'stopped-by-owner' };
  if (question.state.sleeping) return { run: false, why: 'asleep' };
  if (lidStops(question)) return { run: false, why: 'lid-closed' };
  if (idleStops(question)) return { run: false, why: 'idle' };
  return { run: true };
}
