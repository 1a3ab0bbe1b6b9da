import type { WhyNot } from '../power/decide-power.ts';
import type { Pulse } from './pulse.ts';
import { exitWords } from './worker-exit.ts';
import type { WorkerState } from './worker-keeper.ts';
import type { Status } from './messages.ts';

/** Where the agent stands, for the desk: one word, and one sentence that says what happens next. */
export type Standing = { presence: Status['presence']; why: string };

export type StandingQuestion = {
  worker: WorkerState;
  /** why the power contract keeps it off; undefined while it may run */
  kept: WhyNot | undefined;
  pulse: Pulse | undefined;
  idleMinutes: number;
};

/** From here on it is worth telling the owner; a single crash is over before they can read of it. */
const LOOP = 3;

export function farewell(why: WhyNot, idleMinutes: number): Standing {
  switch (why) {
    case 'stopped-by-owner':
      return { presence: 'stopped-by-owner', why: 'Stopped at the desk. `errand up` starts it again.' };
    case 'asleep':
      return { presence: 'asleep', why: 'This computer is going to sleep. It goes on when it wakes.' };
    case 'lid-closed':
      return { presence: 'lid-closed', why: 'The lid is closed. It goes on when the lid is opened.' };
    case 'idle':
      return {
        presence: 'shut-down-by-idle',
        why: `Nobody used this computer for ${idleMinutes} minutes. It goes on at the next key or movement.`,
      };
  }
}

export function standing({ worker, kept, pulse, idleMinutes }: StandingQuestion): Standing {
  if (kept !== undefined) return farewell(kept, idleMinutes);
  switch (worker.is) {
    case 'on':
      return onStanding(pulse);
    case 'crashed':
      return { presence: 'idle', why: crashWords(worker) };
    case 'off':
    case 'ending':
      return { presence: 'idle', why: 'Starting.' };
  }
}

function onStanding(pulse: Pulse | undefined): Standing {
  if (pulse?.runningTask === true) return { presence: 'running', why: 'Working on an errand.' };
  return { presence: 'idle', why: pulse?.ready === true ? 'Ready for errands.' : 'Starting.' };
}

function crashWords({ count, how, waitMs }: Extract<WorkerState, { is: 'crashed' }>): string {
  const known = exitWords(how);
  if (known !== undefined) return known;
  if (count < LOOP) return 'Starting again after a crash.';
  const seconds = Math.max(1, Math.round(waitMs / 1000));
  return `It crashed ${count} times in a row (${how}); the next try is in ${seconds} s. The reason is in worker.log in the data folder.`;
}
