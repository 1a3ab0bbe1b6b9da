import { describe, expect, test } from 'bun:test';
import { readSignUps } from '../../../supabase/local/sign-ups.ts';

describe('who may make an account', () => {
  test.each([
    ['open', 'open'],
    [' closed ', 'closed'],
    ['me@example.org', ['me@example.org']],
    ['me@example.org, you@example.org\n', ['me@example.org', 'you@example.org']],
  ])('%j is read', (text, wanted) => {
    expect<unknown>(readSignUps(text)).toEqual(wanted);
  });

  test.each(['', 'shut', 'closed, me@example.org', 'example.org'])(
    '%j is not: it could open what was meant to be shut',
    (text) => {
      expect(readSignUps(text)).toBeUndefined();
    },
  );
});
