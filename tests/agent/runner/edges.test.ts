import { afterEach, expect, test } from 'bun:test';
import * as z from 'zod/mini';
import { MAX_BODY_BYTES } from '../../../edge/protocol/seal.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { openAskOf, takeAnswer } from '../../../agent/journal/ask.ts';
import { addChange, filesWritten, keepBytes } from '../../../agent/journal/change.ts';
import { addStep, intendStep } from '../../../agent/journal/step.ts';
import { addTask, cancelTask, setState } from '../../../agent/journal/task.ts';
import type { RunnerDeps } from '../../../agent/runner/deps.ts';
import type { Model } from '../../../agent/runner/model.ts';
import { runStep } from '../../../agent/runner/step.ts';
import { tools } from '../../../agent/tools/tools.ts';
import type { Tool } from '../../../agent/tools/tool.ts';
import { calling } from '../../support/calling-model.ts';
import { someTask } from '../../support/memory-phone.ts';
import { DESK, noWait, testRunner, type TestRunner } from '../../support/test-runner.ts';
import { until } from '../../support/until.ts';

/* Moments at which two things meet: an answer and a deadline, a question and a cancel, a step and its own crash. */

let desk: TestRunner;
afterEach(() => desk.clear());

const ELSEWHERE = { name: 'write_text', input: { path: '~/a.md', text: 'hello' } };
const seconds = (): number => Math.floor(Date.now() / 1000);

function answer(t: string): void {
  const ask = openAskOf(desk.journal(), t);
  if (!ask) throw new Error('nothing is asked');
  takeAnswer(
    desk.journal(),
    { kind: 'answer', ask: ask.ask.ask, digests: [...ask.digests], ok: true, scope: 'once' },
    DESK,
  );
}

test.each(['skip', 'ask'] as const)('a task that began in time goes on after its deadline (%s)', async (ifMissed) => {
  desk = testRunner({ model: calling(ELSEWHERE) });
  const t = desk.task('Write it', { deadline: seconds() + 60, ifMissed });
  await desk.reaches(t, 'waiting');
  desk.later(120_000);
  answer(t);
  await desk.reaches(t, 'ended');
  expect(desk.record(t).state).toMatchObject({ fate: 'done' });
  expect(desk.read('a.md').toString()).toBe('hello');
});

/** A tool that is being weighed until it is told to go on. */
function slowTool(): { tool: Tool; weighed: Promise<void>; goOn: () => void } {
  const weighed = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const tool: Tool = {
    name: 'slow',
    description: 'slow',
    class: 'idem',
    input: z.unknown(),
    title: () => 'Write slowly',
    intents: async () => {
      weighed.resolve();
      await free.promise;
      return [{ sink: 'write', path: '~/a.md', content: new Uint8Array(1) }];
    },
    run: () => Promise.reject(new Error('must not run')),
  };
  return { tool, weighed: weighed.promise, goOn: free.resolve };
}

test('a task that is cancelled while its step is weighed asks nothing any more', async () => {
  const slow = slowTool();
  desk = testRunner({ model: calling({ name: 'slow', input: {} }), tools: [slow.tool] });
  const t = desk.task('Write it');
  await slow.weighed;
  cancelTask(desk.journal(), t, DESK.kid);
  await Promise.resolve();
  slow.goOn();
  const next = desk.task('Next');
  await until(() => desk.record(next).state.is !== 'queued', Boolean);
  expect(desk.happenings(t).map(({ kind }) => kind)).not.toContain('ask');
  expect(openAskOf(desk.journal(), t)).toBeUndefined();
});

test('a task that is parked while its step is weighed asks once it goes on, and then waits', async () => {
  const slow = slowTool();
  desk = testRunner({ model: calling({ name: 'slow', input: {} }), tools: [slow.tool] });
  const t = desk.task('Write it');
  await slow.weighed;
  setTimeout(slow.goOn, 20);
  await desk.restart({ park: 'lid-closed' });
  await desk.reaches(t, 'waiting');
  await desk.reaches(desk.task('Next'), 'waiting');
  const states = desk.happenings(t).flatMap((what) => (what.kind === 'state' ? [what.state.is] : []));
  expect(states).toEqual(['queued', 'running', 'parked', 'running', 'waiting']);
});

function depsWith(some: readonly Tool[]): RunnerDeps {
  return {
    journal: desk.journal(),
    model: () => calling(),
    tools: some,
    rules: () => ({ v: 1, roots: [], sensitive: [], scripts: [] }),
    desk: { platform: process.platform, home: desk.home, own: [], run: newId() },
    runCommand: () => Promise.reject(new Error('nothing runs')),
    apart: () => Promise.reject(new Error('nothing is read')),
    parts: { put: () => Promise.reject(new Error('no relay')), get: () => Promise.reject(new Error('no relay')) },
    failpoint: () => undefined,
    wait: noWait,
  };
}

test('a step in which the agent itself died three times is given up', async () => {
  let runs = 0;
  const tool: Tool = {
    name: 'deadly',
    description: 'deadly',
    class: 'pure',
    input: z.unknown(),
    title: () => 'Read it',
    intents: async () => [],
    run: async () => {
      runs++;
      return { content: 'read', failed: false, taint: { untrusted: false, private: false } };
    },
  };
  desk = testRunner({ model: calling() });
  const journal = desk.journal();
  const deps = depsWith([tool]);
  const call = { type: 'tool_use', id: 'c', name: 'deadly', input: {} } as const;
  const begin = (parkedBetween: boolean): string => {
    const t = newId();
    addTask(journal, { id: t, task: someTask('Read'), from: DESK });
    const step = addStep(journal, { task: t, call: 'c', tool: 'deadly', title: 'Read it', class: 'pure', input: '{}' });
    for (let i = 0; i < 3; i++) {
      intendStep(journal, step, { answered: [], taint: { untrusted: false, private: false } });
      if (parkedBetween) setState(journal, t, { is: 'parked', why: 'lid-closed' });
    }
    return t;
  };
  const signal = new AbortController().signal;
  expect(await runStep(deps, begin(true), call, signal)).toMatchObject({ outcome: { is: 'done' } });
  expect(runs).toBe(1);
  expect(await runStep(deps, begin(false), call, signal)).toMatchObject({ is: 'over', outcome: { is: 'failed' } });
  expect(runs).toBe(1);
});

test('a write that the agent died after is done, and not asked about again', async () => {
  desk = testRunner({ model: calling() });
  const journal = desk.journal();
  const path = desk.put('a.md', 'hello');
  const t = newId();
  addTask(journal, { id: t, task: someTask('Write it'), from: DESK });
  const input = { path, text: 'hello' };
  const about = { task: t, call: 'c', tool: 'write_text', title: 'Write a.md', input: JSON.stringify(input) };
  const step = addStep(journal, { ...about, class: 'idem' });
  const taint = { untrusted: false, private: false };
  addChange(journal, step, { path, before: null, after: keepBytes(journal, new TextEncoder().encode('hello')), taint });
  intendStep(journal, step, { answered: ['the digest of a write where nothing was'], taint });
  const call = { type: 'tool_use', id: 'c', name: 'write_text', input } as const;
  const signal = new AbortController().signal;
  expect(await runStep(depsWith(tools), t, call, signal)).toMatchObject({ is: 'over', outcome: { is: 'done' } });
  expect(filesWritten(journal, t).map((file) => file.path)).toEqual([path]);
});

test('no word of a model or an error makes an event that is too large to be sent', async () => {
  const huge = 'x'.repeat(300_000);
  const broken: Model = {
    name: 'broken',
    next: () => Promise.reject(new Error(huge)),
  };
  desk = testRunner({
    model: calling({ name: 'find', input: { folder: `~/${huge}`, words: huge } }, { name: huge, input: {} }),
  });
  const first = desk.task('Find');
  await desk.reaches(first, 'ended');
  await desk.restart({ model: broken });
  const second = desk.task('Break');
  await desk.reaches(second, 'ended');
  const sizes = desk
    .journal()
    .db.query<{ json: string }, []>('select json from event')
    .all()
    .map(({ json }) => Buffer.byteLength(json));
  expect(Math.max(...sizes)).toBeLessThan(MAX_BODY_BYTES / 4);
});
