import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  type Activity,
  decidePower,
  type PowerDecision,
  type PowerQuestion,
  type PowerSettings,
} from '../../../agent/power/decide-power.ts';
import { type Fact, known, powerState, unknown } from '../../../agent/power/power-source.ts';
import { somePower } from './some-power.ts';

const MINUTE = 60_000;
const DEFAULTS: PowerSettings = { lid: true, idle: true, idleMinutes: 30, stay: false };
const QUIET: Activity = { runningTask: false, lastWordFromPhoneMs: Infinity, stoppedByOwner: false };
const RUN: PowerDecision = { run: true };

type Case = {
  state?: Parameters<typeof somePower>[0];
  settings?: Partial<PowerSettings>;
  activity?: Partial<Activity>;
};

function decide({ state, settings, activity }: Case): PowerDecision {
  return decidePower({
    state: somePower(state),
    settings: { ...DEFAULTS, ...settings },
    activity: { ...QUIET, ...activity },
  });
}

const closed = { lid: known('closed' as const) };
const docked = { ...closed, docked: known(true) };
const away = { idleMs: known(30 * MINUTE) };

describe('the worker runs', () => {
  test.each<[string, Case]>([
    ['on an open machine in use', {}],
    ['with the lid closed at a desk: external display and mains', { state: docked }],
    ['with the lid closed and docked where mains are unknown', { state: { ...docked, onAc: unknown('') } }],
    ['with the lid closed and the switch off', { state: closed, settings: { lid: false } }],
    ['with the lid closed and the choice to stay', { state: closed, settings: { stay: true } }],
    ['one millisecond before the idle limit', { state: { idleMs: known(30 * MINUTE - 1) } }],
    ['on an idle machine with a running task', { state: away, activity: { runningTask: true } }],
    ['on an idle machine a phone spoke to', { state: away, activity: { lastWordFromPhoneMs: MINUTE } }],
    ['on an idle machine with the switch off', { state: away, settings: { idle: false } }],
    ['on an idle machine with more patience', { state: away, settings: { idleMinutes: 31 } }],
  ])('%s', (_, given) => {
    expect(decide(given)).toEqual(RUN);
  });
});

describe('the worker does not run', () => {
  test.each<[string, Case, PowerDecision]>([
    ['with the lid closed', { state: closed }, { run: false, why: 'lid-closed' }],
    [
      'with the lid closed although a task runs',
      { state: closed, activity: { runningTask: true } },
      { run: false, why: 'lid-closed' },
    ],
    [
      'with the lid closed, docked, on battery',
      { state: { ...docked, onAc: known(false) } },
      { run: false, why: 'lid-closed' },
    ],
    [
      'with the lid closed where the dock is unknown',
      { state: { ...closed, docked: unknown('') } },
      { run: false, why: 'lid-closed' },
    ],
    ['at the idle limit', { state: away }, { run: false, why: 'idle' }],
    [
      'on an idle machine that was told to stay, which is about the lid only',
      { state: away, settings: { stay: true } },
      { run: false, why: 'idle' },
    ],
    [
      'when sleep is announced, in spite of every switch',
      { state: { sleeping: true }, settings: { lid: false, idle: false, stay: true } },
      { run: false, why: 'asleep' },
    ],
    [
      'when the owner stopped it, which is said before anything else',
      { state: { ...closed, sleeping: true }, activity: { stoppedByOwner: true } },
      { run: false, why: 'stopped-by-owner' },
    ],
  ])('%s', (_, given, decision) => {
    expect(decide(given)).toEqual(decision);
  });
});

function fact<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Fact<T>> {
  return fc.oneof(value.map(known), fc.constant(unknown('not read')));
}

const anyQuestion: fc.Arbitrary<PowerQuestion> = fc.record({
  state: fc
    .record({
      lid: fact(fc.constantFrom('open' as const, 'closed' as const)),
      docked: fact(fc.boolean()),
      idleMs: fact(fc.nat(2 * 60 * MINUTE)),
      sleeping: fc.boolean(),
      onAc: fact(fc.boolean()),
      batteryPercent: fact(fc.nat(100)),
      locked: fact(fc.boolean()),
    })
    .map(powerState),
  settings: fc.record({
    lid: fc.boolean(),
    idle: fc.boolean(),
    idleMinutes: fc.integer({ min: 1, max: 60 }),
    stay: fc.boolean(),
  }),
  activity: fc.record({
    runningTask: fc.boolean(),
    lastWordFromPhoneMs: fc.oneof(fc.nat(2 * 60 * MINUTE), fc.constant(Infinity)),
    stoppedByOwner: fc.boolean(),
  }),
});

function why(question: PowerQuestion): string | undefined {
  const decision = decidePower(question);
  return decision.run ? undefined : decision.why;
}

describe('for every state of a machine', () => {
  const holds = (property: (question: PowerQuestion) => void) =>
    fc.assert(fc.property(anyQuestion, property), { numRuns: 2_000 });

  test('a lid that is not known to be closed never stops it', () => {
    holds((question) => {
      if (question.state.lid !== 'closed') expect(why(question)).not.toBe('lid-closed');
    });
  });

  test('an idle time that is not known never stops it', () => {
    holds((question) => {
      if (question.state.idleMs === 'unknown') expect(why(question)).not.toBe('idle');
    });
  });

  test('a closed lid with the switch on runs only at a desk or by the choice to stay', () => {
    holds((question) => {
      const { state, settings } = question;
      if (state.lid !== 'closed' || !settings.lid || why(question) !== undefined) return;
      expect(settings.stay || (state.docked === true && state.onAc !== false)).toBe(true);
    });
  });

  test('a running task is never idle, and stops for lid, sleep and owner all the same', () => {
    holds((question) => {
      const activity = { ...question.activity, runningTask: true };
      const busy = why({ ...question, activity });
      expect(busy).not.toBe('idle');
      if (why(question) !== 'idle') expect(busy).toBe(why(question));
    });
  });

  test('with everything unknown only the owner stops it', () => {
    holds((question) => {
      const nothing = unknown('');
      const state = powerState({
        lid: nothing,
        docked: nothing,
        idleMs: nothing,
        sleeping: false,
        onAc: nothing,
        batteryPercent: nothing,
        locked: nothing,
      });
      const expected = question.activity.stoppedByOwner ? 'stopped-by-owner' : undefined;
      expect(why({ ...question, state })).toBe(expected);
    });
  });

  test('more patience never stops a worker that ran', () => {
    holds((question) => {
      if (why(question) !== undefined) return;
      const settings = { ...question.settings, idleMinutes: question.settings.idleMinutes + 1 };
      expect(why({ ...question, settings })).toBeUndefined();
    });
  });
});
