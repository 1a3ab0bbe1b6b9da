import { freezeAction } from '../../edge/protocol/ask.ts';
import { addAsk, newestAskOf } from '../journal/ask.ts';
import type { Journal } from '../journal/journal.ts';
import { endTask, readTask, type TaskRecord } from '../journal/task.ts';

/** The question whether to begin at all belongs to no step. */
const NO_STEP = 0;

/**
 * May this task begin, although its deadline has passed? What it asked for decides: run all the same, skip, or ask the owner. False
 * when it was ended or waits.
 */
export async function admit(journal: Journal, task: TaskRecord): Promise<boolean> {
  if (task.begun || task.deadline === null || task.deadline * 1000 > journal.now()) return true;
  switch (task.ifMissed) {
    case 'run':
      return true;
    case 'skip':
      return expire(journal, task);
    case 'ask':
      return askWhetherToBegin(journal, task);
  }
}

function expire(journal: Journal, { id, text }: TaskRecord): false {
  const why = 'The desktop was not running before the deadline.';
  endTask(journal, id, { fate: 'expired', why, headline: { title: `Not done: ${text}`, text: why } });
  return false;
}

async function askWhetherToBegin(journal: Journal, task: TaskRecord): Promise<boolean> {
  const asked = newestAskOf(journal, { task: task.id, n: NO_STEP });
  if (asked?.state === 'ok') return true;
  if (asked?.state === 'denied') return expire(journal, task);
  const why = 'The deadline of this task passed while the desktop was not running. Do it now?';
  const action = await freezeAction({
    v: 1,
    t: task.id,
    n: NO_STEP,
    act: { sink: 'repeat', tool: 'task', about: task.text.slice(0, 200) },
  });
  if (readTask(journal, task.id)?.state.is === 'ended') return false;
  addAsk(journal, { task: task.id, n: NO_STEP, why, high: false, actions: [action] });
  return false;
}
