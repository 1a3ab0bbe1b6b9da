import { expect, test } from 'bun:test';
import { relayClock } from '../../edge/mailbox/relay-clock.ts';

const START = 1_800_000_000;

/** A device whose own clock can be moved, and a relay whose answers say `at` and take `ms` of this clock. */
function world() {
  const time = { own: START };
  const clock = relayClock({
    now: () => time.own * 1000,
    fetch: async (url) => {
      const { at, takes } = JSON.parse(url) as { at: number; takes: number };
      time.own += takes;
      return new Response(null, { headers: { date: new Date(at * 1000).toUTCString() } });
    },
  });
  const ask = (at: number, takes = 0) => clock.fetch(JSON.stringify({ at, takes }), {});
  return { time, clock, ask };
}

test('a clock that is right is left alone, and one that is wrong by more than two minutes follows the relay', async () => {
  const { clock, ask } = world();
  await ask(START + 100);
  expect([clock.behind(), clock.sending(), clock.receiving()]).toEqual([0, START, START]);
  await ask(START - 3600);
  expect([clock.behind(), clock.sending(), clock.receiving()]).toEqual([-3600, START - 3600, START]);
  await ask(START + 3600);
  expect([clock.behind(), clock.sending(), clock.receiving()]).toEqual([3600, START + 3600, START + 3600]);
});

test('a relay that lies is not believed more than a day', async () => {
  const { clock, ask } = world();
  await ask(START + 10 * 86_400);
  expect(clock.behind()).toBe(86_400);
  await ask(START - 10 * 86_400);
  expect(clock.behind()).toBe(-86_400);
});

test('an answer that a sleep came between says nothing of the time', async () => {
  const { clock, ask } = world();
  await ask(START, 8 * 3600);
  expect(clock.behind()).toBe(0);
});
