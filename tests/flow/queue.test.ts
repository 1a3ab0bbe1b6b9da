import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Phone } from '../../mobile/state/phone.ts';
import type { Failpoint } from '../../agent/runner/failpoint.ts';
import { killNow } from '../support/desktop.ts';
import { record } from '../support/evidence.ts';
import { faultyLine, type Line } from '../support/faults-line.ts';
import {
  NOTHING_WRONG,
  ownerAnswers,
  pairedWith,
  registerScripts,
  sendAll,
  TASKS,
  verdictOn,
  viewOf,
} from '../support/faults-queue.ts';
import { killableStack, type KillableStack } from '../support/faults-stack.ts';
import { realWorker, type RealWorker } from '../support/real-worker.ts';
import { until } from '../support/until.ts';

/* Real processes: the worker, the stack with its PostgreSQL, and a phone on the app's own code. */

setDefaultTimeout(400_000);

let stack: KillableStack;
let line: Line & { url: string };
let worker: RealWorker;
let phone: Phone;
let desk: string;

beforeAll(async () => {
  stack = await killableStack();
  line = faultyLine(stack.url);
  worker = realWorker({ relay: { url: line.url, publishableKey: stack.publishableKey }, app: stack.url });
  registerScripts(worker);
  await worker.start();
  ({ phone, desk } = await pairedWith(worker, stack.url));
});
afterAll(async () => {
  await phone.stop();
  await worker.clear();
  await line.stop();
  await stack.stop();
});

/** Where the agent dies, one life after the other; and what else happens while it works. */
const LIVES: readonly (readonly [failpoint: `${Failpoint}:${number}`, meanwhile?: () => Promise<void>])[] = [
  ['step.after-effect:9'],
  ['step.after-intent:7', () => stack.restart('SIGKILL')],
  ['turn.before-store:1'],
  ['step.before-intent:9', () => stack.killDatabase()],
  ['task.before-end:8'],
  ['step.after-outcome:9', () => stack.restart('SIGTERM')],
  ['turn.after-store:1'],
  ['task.after-end:9'],
  ['step.after-intent:6', () => stack.restart('SIGKILL')],
  ['step.after-effect:5'],
];

test('200 errands sent while the agent is stopped end once each, in order, whatever is killed meanwhile', async () => {
  await worker.end();
  let waited = false;
  const stopWatching = phone.subscribe(({ line: seen }) => {
    waited ||= seen.is === 'refused' && seen.why === 'quota.exceeded';
  });
  const queue = await sendAll(phone, desk);
  await until(() => queue.every((task) => viewOf(phone, task)?.standing.is === 'relay'), Boolean);
  stopWatching();
  expect(waited).toBe(true);

  const owner = ownerAnswers(phone, worker, queue);
  // A life that pulls, hears no answer and dies: what it was given must not wait for its lease.
  Object.assign(line.faults, { pulls: 1, acks: 3, silent: true });
  await worker.start();
  await until(
    () => line.lost.pulls,
    (lost) => lost === 1,
  );
  killNow(worker.pid());
  await worker.exit();
  for (const [failpoint, meanwhile] of LIVES) {
    await worker.start({ ERRAND_FAILPOINT: failpoint });
    await meanwhile?.();
    expect(await worker.exit()).toBe('SIGKILL');
  }
  line.faults.silent = false;
  await worker.start();
  await owner;
  expect(line.lost).toEqual({ pulls: 1, acks: 3 });
  expect(verdictOn(phone, worker, queue)).toEqual(NOTHING_WRONG);
  record({
    is: 'faults',
    run: 'real processes: agent, relay and PostgreSQL killed, answers and pokes lost',
    tasks: TASKS,
    injected: LIVES.length + LIVES.filter(([, meanwhile]) => meanwhile).length + 6,
    lost: 0,
    repeated: 0,
  });
});
