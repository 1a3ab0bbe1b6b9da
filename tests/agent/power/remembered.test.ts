import { expect, test } from 'bun:test';
import { remembered } from '../../../agent/power/remembered.ts';

function bench() {
  let time = 0;
  const readings: PromiseWithResolvers<number>[] = [];
  const recall = remembered({
    read: () => {
      const reading = Promise.withResolvers<number>();
      readings.push(reading);
      return reading.promise;
    },
    everyMs: 1_000,
    now: () => time,
  });
  return {
    readings,
    recall,
    pass: (ms: number) => {
      time += ms;
    },
  };
}

test('the first call waits for the reading, and calls within the time share it', async () => {
  const { readings, recall, pass } = bench();
  const [first, second] = [recall(), recall()];
  readings[0]?.resolve(7);
  expect(await Promise.all([first, second])).toEqual([7, 7]);
  pass(999);
  expect(await recall()).toBe(7);
  expect(readings).toHaveLength(1);
});

test('a reading that takes long does not delay the answer, nor is it asked for twice', async () => {
  const { readings, recall, pass } = bench();
  const first = recall();
  readings[0]?.resolve(7);
  await first;
  pass(1_000);
  expect(await recall()).toBe(7);
  pass(5_000);
  expect(await recall()).toBe(7);
  expect(readings).toHaveLength(2);
  readings[1]?.resolve(8);
  await readings[1]?.promise;
  expect(await recall()).toBe(8);
});
