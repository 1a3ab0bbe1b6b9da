import { expect, test } from 'bun:test';
import { heardSchema } from '../../mobile/link/heard.ts';

const event = { kind: 'event', t: 'AAAAAAAAAAAAAAAAAAAAAA', i: 1, prev: null, at: 1 };

test('an event of a newer desktop keeps its place in the chain', () => {
  const heard = heardSchema.parse({ ...event, what: { kind: 'hologram', size: 3 } });
  expect(heard).toEqual({ ...event, kind: 'event', what: { kind: 'newer' } });
});

test('a task that a newer desktop paused for a reason unknown here is paused', () => {
  const what = { kind: 'state', state: { is: 'parked', why: 'battery-low', until: 7 } };
  expect(heardSchema.parse({ ...event, what })).toMatchObject({
    what: { kind: 'state', state: { is: 'parked', why: 'other', until: 7 } },
  });
});

test('a task that ended in a way unknown here has ended', () => {
  const what = { kind: 'state', state: { is: 'ended', fate: 'delegated', why: 'x' } };
  expect(heardSchema.parse({ ...event, what })).toMatchObject({
    what: { kind: 'state', state: { is: 'ended', fate: 'unknown', why: 'x' } },
  });
});

test('an event that says something known in a newer way keeps its place in the chain', () => {
  const grants = [{ do: 'read', path: '~/Inbox', deep: true }, { do: 'print' }];
  const from = { kid: 'O'.repeat(43), name: 'Pixel' };
  for (const what of [
    { kind: 'state', state: { is: 'delegated', to: 'laptop' } },
    { kind: 'step', n: 1, tool: 'read', title: 'Read', state: 'skipped' },
    { kind: 'echo', text: 'x', thread: event.t, from, grants },
  ])
    expect(heardSchema.parse({ ...event, what })).toMatchObject({ i: 1, what: { kind: 'newer' } });
});

test('what a newer desktop says of itself is heard without the words that are unknown here', () => {
  const settings = { lid: true, idle: true, idleMinutes: 30 };
  const said = { at: 1, settings, rev: 3, mayPower: true, version: 9, model: 'm', scripts: [] };
  const seen = { kind: 'seen', ...said, presence: 'hibernating', lid: 'open' };
  expect(heardSchema.parse(seen)).toEqual({ kind: 'seen', ...said, presence: 'idle', lid: 'open' });
  expect(heardSchema.parse({ ...seen, presence: 'asleep', lid: 'ajar' })).toMatchObject({
    presence: 'asleep',
    lid: 'unknown',
  });
});

test('another word of a newer desktop is heard as that', () => {
  expect(heardSchema.parse({ kind: 'weather', sunny: true })).toEqual({ kind: 'newer' });
});

test('a known word that is malformed is refused, not called newer', () => {
  expect(heardSchema.safeParse({ ...event, what: { kind: 'note' } }).success).toBe(false);
  expect(heardSchema.safeParse({ kind: 'headline', t: 'short' }).success).toBe(false);
  expect(heardSchema.safeParse({ kind: 'event' }).success).toBe(false);
});
