import { expect, test } from 'bun:test';
import { addressGroup } from '../../edge/relay/limits.ts';

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:DB8:0001::7', '2001:db8:1:0'],
  ['::1', '0:0:0:0'],
  ['::ffff:203.0.113.9', '::ffff:203.0.113.9'],
  ['unknown', 'unknown'],
])('the address %s is counted as %s', (ip, group) => expect(addressGroup(ip)).toBe(group));
