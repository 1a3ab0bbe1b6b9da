import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import type { Phone } from '../../mobile/state/phone.ts';
import { record } from '../support/evidence.ts';
import { faultyLine, type Line } from '../support/faults-line.ts';
import {
  effectsOf,
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
import { ownNetwork, type Network } from '../support/netns.ts';
import { newHome, realWorker, type RealWorker } from '../support/real-worker.ts';
import { until } from '../support/until.ts';

/* The desktop in a network of its own; phone and relay are outside, behind a cable that is pulled. */

setDefaultTimeout(400_000);

let stack: KillableStack;
let line: Line;
let network: Network;
let worker: RealWorker;
let phone: Phone;
let desk: string;

beforeAll(async () => {
  const home = newHome();
  const socket = join(home, 'line');
  stack = await killableStack();
  line = faultyLine(stack.url, socket);
  network = await ownNetwork(socket);
  worker = realWorker(
    { relay: { url: network.url, publishableKey: stack.publishableKey }, app: network.url },
    { home, disk: { enter: network.inside, at: (inside) => inside } },
  );
  registerScripts(worker);
  await worker.start();
  ({ phone, desk } = await pairedWith(worker, stack.url));
});
afterAll(async () => {
  await phone.stop();
  await worker.clear();
  await network.end();
  await line.stop();
  await stack.stop();
});

const linkIs = (state: 'online' | 'offline'): Promise<unknown> =>
  until(
    () => worker.notices.findLast(({ say }) => say === 'link'),
    (notice) => notice?.say === 'link' && notice.link === state,
  );

test('200 errands sent while the desktop has no network are done when it has one again, also if it goes in the middle', async () => {
  network.setUp(false);
  const queue = await sendAll(phone, desk);
  await until(() => queue.every((task) => viewOf(phone, task)?.standing.is === 'relay'), Boolean);
  // No packet said so: only its own patience tells the desktop.
  await linkIs('offline');
  network.setUp(true);
  await until(() => effectsOf(worker).length >= 40, Boolean);
  network.setUp(false);
  await linkIs('offline');
  network.setUp(true);
  await ownerAnswers(phone, worker, queue);
  await linkIs('online');
  expect(verdictOn(phone, worker, queue)).toEqual(NOTHING_WRONG);
  record({
    is: 'faults',
    run: "real processes: the desktop's network taken down, before and in the middle",
    tasks: TASKS,
    injected: 2,
    lost: 0,
    repeated: 0,
  });
});
