import { expect, test } from 'bun:test';
import { heardSchema } from '../../mobile/link/heard.ts';

const event = { kind: 'event', t: 'AAAAAAAAAAAAAAAAAAAAAA', i: 1, prev: null, at: 1 };

test('an event of a newer desktop keeps its place in the chain', () => {
  const heard = heardSchema.parse({ ...event, what: { kind: 'hologram', size: 3 } });
  expect(heard).toEqual({ ...event, kind: 'event', what: { kind: 'newer' } });
});

test('another word of a newer desktop is heard as that', () => {
  expect(heardSchema.parse({ kind: 'weather', sunny: true })).toEqual({ kind: 'newer' });
});

test('a known word that is malformed is refused, not called newer', () => {
  expect(heardSchema.safeParse({ ...event, what: { kind: 'note' } }).success).toBe(false);
  expect(heardSchema.safeParse({ kind: 'headline', t: 'short' }).success).toBe(false);
  expect(heardSchema.safeParse({ kind: 'event' }).success).toBe(false);
});
