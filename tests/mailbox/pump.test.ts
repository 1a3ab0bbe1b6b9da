import { expect, test } from 'bun:test';
import { createPump, nextAfter, type Next } from '../../edge/mailbox/pump.ts';
import { handClock } from '../support/hand-clock.ts';

function pumpOf(answers: readonly Next[]) {
  const clock = handClock();
  let runs = 0;
  const pump = createPump({ setTimer: (run, ms) => clock.after(ms, run), work: async () => answers[runs++] });
  return { clock, pump, runs: () => runs };
}

test('a kick cuts a delay of its own short', async () => {
  const { clock, pump, runs } = pumpOf([5000, undefined]);
  pump.kick();
  await clock.pass(0);
  pump.kick();
  await clock.pass(0);
  expect(runs()).toBe(2);
});

test('a kick that a run heeds is followed by no other run, one that it does not heed is', async () => {
  const clock = handClock();
  const heeded: boolean[] = [];
  let runs = 0;
  const pump = createPump({
    setTimer: (run, ms) => clock.after(ms, run),
    work: async (kicks) => {
      runs++;
      if (runs > 1) return undefined;
      heeded.push(kicks.heed());
      await kicks.came();
      heeded.push(kicks.heed(), kicks.heed());
      return undefined;
    },
  });
  pump.kick();
  await clock.pass(0);
  pump.kick();
  await clock.pass(0);
  expect({ runs, heeded }).toEqual({ runs: 1, heeded: [false, true, false] });
  pump.kick();
  pump.kick();
  await clock.pass(0);
  expect(runs).toBe(3);
});

test('a pause that the relay asked for is kept, whoever kicks', async () => {
  const { clock, pump, runs } = pumpOf([nextAfter({ retryAfter: 7 }, 2000), undefined]);
  pump.kick();
  pump.kick();
  await clock.pass(0);
  for (let second = 0; second < 6; second++) {
    pump.kick();
    await clock.pass(1000);
  }
  expect(runs()).toBe(1);
  await clock.pass(1000);
  expect(runs()).toBe(2);
});

test('a pause is over when the pump is', async () => {
  const { clock, pump, runs } = pumpOf([{ pauseMs: 7000 }]);
  pump.kick();
  await clock.pass(0);
  await pump.stop();
  await clock.pass(7000);
  expect(runs()).toBe(1);
});
