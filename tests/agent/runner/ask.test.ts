import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { thawAction } from '../../../edge/protocol/ask.ts';
import { askAgain, openAskOf, takeAnswer, type AskRecord } from '../../../agent/journal/ask.ts';
import { call, startFakeModel, text, type FakeModel, type Script } from '../../support/fake-model.ts';
import { DESK, modelAt, testRunner, type TestRunner } from '../../support/test-runner.ts';

let fake: FakeModel;
let desk: TestRunner;

beforeEach(() => {
  fake = startFakeModel();
  desk = testRunner({ model: modelAt(fake.url) });
  desk.put('elsewhere/other.md', 'was here before');
});
afterEach(async () => {
  await desk.clear();
  await fake.stop();
});

const WRITES = [call('write_text', { path: '~/elsewhere/a.md', text: 'hello' }), text('The end.')];

async function asked(script: Script = WRITES): Promise<{ t: string; ask: AskRecord }> {
  fake.play(script);
  const t = desk.task('Write it');
  await desk.reaches(t, 'waiting');
  return { t, ask: open(t) };
}

function open(t: string): AskRecord {
  const ask = openAskOf(desk.journal(), t);
  if (!ask) throw new Error('nothing is asked');
  return ask;
}

const answer = (ask: AskRecord, ok: boolean, more: { digests?: string[]; because?: string } = {}) =>
  takeAnswer(
    desk.journal(),
    { kind: 'answer', ask: ask.ask.ask, digests: [...ask.digests], ok, scope: 'once', ...more },
    DESK,
  );

test('what was not granted is asked with the bytes of the action, and nothing is done meanwhile', async () => {
  const { t, ask } = await asked();
  const { action, digest } = await thawAction(ask.ask.actions[0] ?? '');
  expect(action).toMatchObject({
    t,
    n: 1,
    act: { sink: 'write', path: join(desk.home, 'elsewhere/a.md'), before: null },
  });
  expect(ask.digests).toEqual([digest]);
  expect(existsSync(join(desk.home, 'elsewhere/a.md'))).toBe(false);
  expect(desk.happenings(t)).toContainEqual({ kind: 'ask', ask: ask.ask });
});

test('a yes does it once and the task goes on', async () => {
  const { t, ask } = await asked();
  expect(answer(ask, true)).toBeUndefined();
  await desk.reaches(t, 'ended');
  expect(desk.read('elsewhere/a.md').toString()).toBe('hello');
  expect(desk.happenings(t)).toContainEqual({ kind: 'answered', ask: ask.ask.ask, ok: true, by: DESK.name });
  expect(fake.requests).toHaveLength(2);
});

test('a no is told to the model in the words of the owner', async () => {
  const { t, ask } = await asked();
  answer(ask, false, { because: 'Put it into Reports instead.' });
  await desk.reaches(t, 'ended');
  expect(existsSync(join(desk.home, 'elsewhere/a.md'))).toBe(false);
  expect(JSON.stringify(fake.requests[1]?.messages)).toContain('Put it into Reports instead.');
});

test('an answer to other actions, a second one and one to nothing change nothing', async () => {
  const { t, ask } = await asked();
  expect(answer(ask, true, { digests: ['A'.repeat(43)] })).toBe('other-actions');
  expect(answer(ask, true, { digests: [] })).toBe('other-actions');
  expect(desk.record(t).state.is).toBe('waiting');
  expect(answer(ask, false)).toBeUndefined();
  expect(answer(ask, true)).toBe('answered');
  await desk.reaches(t, 'ended');
  expect(existsSync(join(desk.home, 'elsewhere/a.md'))).toBe(false);
});

test('a yes is void when the file changed in between: it is asked anew', async () => {
  desk.put('elsewhere/a.md', 'first');
  const { t, ask } = await asked();
  desk.put('elsewhere/a.md', 'changed by somebody');
  answer(ask, true);
  await desk.reaches(t, 'waiting');
  const again = open(t);
  expect(again.ask.ask).not.toBe(ask.ask.ask);
  expect(desk.read('elsewhere/a.md').toString()).toBe('changed by somebody');
  answer(again, true);
  await desk.reaches(t, 'ended');
  expect(desk.read('elsewhere/a.md').toString()).toBe('hello');
});

test('silence parks the task; a late answer grants nothing, but has it asked again', async () => {
  const { t, ask } = await asked();
  desk.later(601_000);
  const { state } = await desk.reaches(t, 'parked');
  expect(state).toEqual({ is: 'parked', why: 'ask-expired' });
  expect(answer(ask, true)).toBe('late');
  expect(desk.record(t).state.is).toBe('parked');
  askAgain(desk.journal(), ask.ask.ask);
  await desk.reaches(t, 'waiting');
  expect(existsSync(join(desk.home, 'elsewhere/a.md'))).toBe(false);
  answer(open(t), true);
  await desk.reaches(t, 'ended');
  expect(desk.read('elsewhere/a.md').toString()).toBe('hello');
});

test('a question survives a restart, and so does its answer', async () => {
  const { t, ask } = await asked();
  await desk.restart();
  expect(desk.record(t).state.is).toBe('waiting');
  answer(ask, true);
  await desk.restart();
  await desk.reaches(t, 'ended');
  expect(desk.read('elsewhere/a.md').toString()).toBe('hello');
  expect(fake.requests).toHaveLength(2);
});

test('what was over before the question is not done or told again after it', async () => {
  const both = {
    say: [
      { type: 'tool_use', name: 'no_such_tool', input: {} },
      { type: 'tool_use', name: 'list', input: { folder: '~' } },
      { type: 'tool_use', name: 'write_text', input: { path: '~/elsewhere/a.md', text: 'hello' } },
    ],
  } as const;
  const { t, ask } = await asked([both, text('The end.')]);
  answer(ask, true);
  await desk.reaches(t, 'ended');
  const told = desk.happenings(t).flatMap((what) => (what.kind === 'step' ? [`${what.n} ${what.state}`] : []));
  expect(told).toEqual(['1 failed', '2 refused', '3 started', '3 done']);
});

test('a task that asks too often parks', async () => {
  const { t } = await asked(
    Array.from({ length: 12 }, (_, i) => call('write_text', { path: `~/elsewhere/${i}.md`, text: 'x' })),
  );
  for (let i = 0; i < 10; i++) {
    await desk.reaches(t, 'waiting');
    answer(open(t), false);
  }
  await desk.reaches(t, 'parked');
  expect(desk.happenings(t).filter(({ kind }) => kind === 'ask')).toHaveLength(10);
});
