import { expect, test } from 'bun:test';
import { WorkerKeeper, type WorkerState } from '../../../agent/control/worker-keeper.ts';
import { handClock } from '../../support/hand-clock.ts';
import { scriptedWorkers } from '../../support/scripted-worker.ts';

const WHY = { presence: 'lid-closed', why: 'The lid is closed.' };

function keeping() {
  const clock = handClock();
  const workers = scriptedWorkers();
  const states: WorkerState['is'][] = [];
  const keeper = new WorkerKeeper({
    clock,
    start: workers.start,
    onMessage: () => {},
    onChange: ({ is }) => states.push(is),
  });
  const worker = (n: number) => {
    const found = workers.all[n];
    if (found === undefined) throw new Error(`worker ${n} was not started`);
    return found;
  };
  return { clock, keeper, states, workers, worker };
}

test('a worker that obeys is not killed before it ended, only swept', async () => {
  const { keeper, worker, clock } = keeping();
  keeper.run();
  const gone = keeper.end(WHY);
  expect(worker(0).sent).toEqual([{ order: 'end', ...WHY }]);
  expect(worker(0).killed).toBe(0);
  worker(0).exits('code 0');
  await gone;
  expect(keeper.now().is).toBe('off');
  await clock.pass(10_000);
  expect(worker(0).killed).toBe(1);
});

test('a worker that does not obey is killed within the limit of the power contract', async () => {
  const { keeper, worker, clock } = keeping();
  keeper.run();
  const gone = keeper.end(WHY);
  await clock.pass(1_399);
  expect(worker(0).killed).toBe(0);
  await clock.pass(1);
  await gone;
  expect(keeper.now().is).toBe('off');
});

test('wanted again while it ends, a new one starts only when the old one is gone', async () => {
  const { keeper, workers, worker, clock } = keeping();
  keeper.run();
  void keeper.end(WHY);
  keeper.run();
  await clock.pass(100);
  expect(workers.all.length).toBe(1);
  worker(0).exits('code 0');
  await clock.pass(0);
  expect(workers.all.length).toBe(2);
});

test('crashes are retried with growing patience, up to half a minute', async () => {
  const { keeper, workers, clock } = keeping();
  keeper.run();
  const waits: number[] = [];
  for (let crash = 0; crash < 10; crash++) {
    workers.all.at(-1)?.exits('code 1');
    await clock.pass(0);
    const state = keeper.now();
    if (state.is !== 'crashed') throw new Error(state.is);
    waits.push(state.waitMs);
    await clock.pass(state.waitMs);
  }
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('a crash after a minute of health counts as the first', async () => {
  const { keeper, workers, clock } = keeping();
  keeper.run();
  workers.all.at(-1)?.exits('code 1');
  await clock.pass(250);
  await clock.pass(60_000);
  workers.all.at(-1)?.exits('code 1');
  await clock.pass(0);
  expect(keeper.now()).toMatchObject({ is: 'crashed', count: 1 });
});

test('ended while it waits to try again, it does not try again', async () => {
  const { keeper, workers, clock, states } = keeping();
  keeper.run();
  workers.all.at(-1)?.exits('code 1');
  await clock.pass(0);
  await keeper.end(WHY);
  await clock.pass(60_000);
  expect(workers.all.length).toBe(1);
  expect(states).toEqual(['on', 'crashed', 'off']);
});

test('ended in the moment it crashed, it is over when nothing is left', async () => {
  const { keeper, worker, clock } = keeping();
  keeper.run();
  worker(0).exits('code 1');
  const gone = keeper.end(WHY);
  await clock.pass(0);
  await gone;
  expect(keeper.now().is).toBe('off');
});
