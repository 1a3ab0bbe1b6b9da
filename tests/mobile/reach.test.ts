import { expect, test } from 'bun:test';
import { reachOf } from '../../mobile/state/reach.ts';
import { successorOf } from '../../mobile/state/successor.ts';
import type { DesktopView } from '../../mobile/state/view.ts';
import { seenNow } from './support/desk.ts';
import { seenSchema } from '../../edge/protocol/down.ts';

const NOW = 1_800_000_000_000;
const desktop = (seen: Record<string, unknown> | undefined, lastSeen: number | undefined): DesktopView => {
  const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' } as const;
  const device = { kid: 'k', kind: 'desktop', name: 'Studio-PC', sig: key, ek: 'e', enc: key } as const;
  const said = seen && seenSchema.parse(seenNow(seen));
  return { device, trusted: true, mayPower: true, seen: said, wanted: undefined, lastSeen };
};

test('a desktop that never spoke is not called away, only not seen', () => {
  expect(reachOf(desktop(undefined, undefined), NOW)).toEqual({ is: 'never' });
});

test('a fresh sign of life means it would hear now', () => {
  const at = NOW - 10_000;
  expect(reachOf(desktop({ at, presence: 'idle' }, at), NOW)).toEqual({ is: 'here', busy: false });
  expect(reachOf(desktop({ at, presence: 'running' }, at), NOW)).toEqual({ is: 'here', busy: true });
});

test('its own farewell names the reason, however fresh it is', () => {
  const at = NOW - 10_000;
  expect(reachOf(desktop({ at, presence: 'lid-closed' }, at), NOW)).toEqual({ is: 'lid-closed', since: at });
});

test('without a farewell there is only the time it was last seen', () => {
  const at = NOW - 3_600_000;
  expect(reachOf(desktop({ at, presence: 'idle' }, at), NOW)).toEqual({ is: 'quiet', since: at });
});

test('a sign of life long after a farewell means that it is back', () => {
  const at = NOW - 3_600_000;
  expect(reachOf(desktop({ at, presence: 'asleep' }, NOW - 5_000), NOW)).toEqual({ is: 'here', busy: false });
});

test('a silent desktop whose name another one has since may have been set up anew; one that only sleeps was not', () => {
  const named = (kid: string, one: DesktopView): DesktopView => ({ ...one, device: { ...one.device, kid } });
  const at = NOW - 3_600_000;
  const stopped = named('old', desktop({ at, presence: 'stopped-by-owner' }, at));
  const asleep = named('old', desktop({ at, presence: 'asleep' }, at));
  const renewed = named('new', desktop({ at: NOW, presence: 'idle' }, NOW));
  expect(successorOf(stopped, [stopped, renewed], NOW)).toBe(renewed);
  expect(successorOf(asleep, [asleep, renewed], NOW)).toBeUndefined();
  expect(successorOf(renewed, [stopped, renewed], NOW)).toBeUndefined();
  expect(successorOf(stopped, [stopped, { ...renewed, dropped: NOW }], NOW)).toBeUndefined();
  const other = { ...renewed, device: { ...renewed.device, name: 'Workshop' } };
  expect(successorOf(stopped, [stopped, other], NOW)).toBeUndefined();
});
