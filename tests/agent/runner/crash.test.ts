import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash } from 'node:crypto';
import type { Event } from '../../../edge/protocol/event.ts';
import type { Failpoint } from '../../../agent/runner/failpoint.ts';
import { call, startFakeModel, text, type FakeModel } from '../../support/fake-model.ts';
import { realWorker, type RealWorker } from '../../support/real-worker.ts';
import { until } from '../../support/until.ts';

/* The real worker is killed at each place of a step, and started again. */

setDefaultTimeout(60_000);

let fake: FakeModel;
let worker: RealWorker;

beforeEach(() => {
  fake = startFakeModel();
  worker = realWorker({ model: { kind: 'anthropic', name: 'claude-test', baseUrl: fake.url }, roots: ['~/in'] });
  worker.put('in/fact.txt', 'The bridge opens on 3 May.');
});
afterEach(async () => {
  await worker.clear();
  await fake.stop();
});

const SCRIPT = [
  call('read_text', { path: '~/in/fact.txt' }),
  call('write_docx', { path: '~/out/report.docx', markdown: '# Bridge\n\nOpens 3 May [fact.txt].' }),
  text('It opens on 3 May.'),
];

const begin = (): Promise<string> =>
  worker.task({
    text: 'When does the bridge open?',
    grants: [{ do: 'write', path: '~/out/report.docx', replace: false }],
  });

const ended = async (t: string): Promise<Event[]> => {
  await until(
    () => worker.notices.some((notice) => notice.say === 'task' && notice.t === t && notice.state.is === 'ended'),
    Boolean,
  );
  return worker.events(t);
};

/** What a phone would make of the events: steps by their last word, and the result. */
function story(events: readonly Event[]): unknown {
  const steps = new Map<number, string>();
  for (const { what } of events) if (what.kind === 'step') steps.set(what.n, `${what.title}: ${what.state}`);
  const result = events.find(({ what }) => what.kind === 'result')?.what;
  return { steps: [...steps], result, last: events.at(-1)?.what };
}

async function undisturbed(): Promise<unknown> {
  const other = realWorker({ model: { kind: 'anthropic', name: 'claude-test', baseUrl: fake.url }, roots: ['~/in'] });
  const mine = worker;
  worker = other;
  try {
    other.put('in/fact.txt', 'The bridge opens on 3 May.');
    await other.start();
    return story(await ended(await begin()));
  } finally {
    await other.clear();
    worker = mine;
  }
}

const PLACES: readonly (readonly [spec: `${Failpoint}:${number}`, requests: number])[] = [
  ['turn.before-store:2', 4],
  ['turn.after-store:1', 3],
  ['step.before-intent:1', 3],
  ['step.after-intent:2', 3],
  ['step.after-effect:1', 3],
  ['step.after-effect:2', 3],
  ['step.after-outcome:2', 3],
  ['task.before-end:1', 3],
  ['task.after-end:1', 3],
];

for (const [spec, requests] of PLACES) {
  test(`killed at ${spec}, a task ends as if nothing had happened`, async () => {
    fake.play(SCRIPT);
    const wanted = await undisturbed();
    const before = fake.requests.length;
    await worker.start({ ERRAND_FAILPOINT: spec });
    const t = await begin();
    expect(await worker.exit()).toBe('SIGKILL');
    await worker.start();
    const events = spec === 'task.after-end:1' ? await worker.events(t) : await ended(t);
    expect(story(events)).toEqual(wanted);
    expect(fake.requests.length - before).toBe(requests);
    expect(events.filter(({ what }) => what.kind === 'ask')).toEqual([]);
  });
}

async function scriptWorker(spec: string): Promise<string> {
  const file = worker.put('once.sh', 'echo done >> "$HOME/effects"');
  const sha256 = createHash('sha256').update(worker.read('once.sh')).digest('base64url');
  worker.configure({ scripts: [{ name: 'once', file, argv: ['sh', file], cwd: worker.home, sha256 }] });
  await worker.start({ ERRAND_FAILPOINT: spec });
  const t = await worker.task({ text: 'Run once', grants: [{ do: 'script', name: 'once' }], script: 'once' });
  expect(await worker.exit()).toBe('SIGKILL');
  await worker.start();
  return t;
}

async function repeatAsk(): Promise<string> {
  const notice = await until(
    () => worker.notices.find((each) => each.say === 'ask'),
    (found) => found !== undefined,
  );
  if (notice?.say !== 'ask') throw new Error('nothing was asked');
  expect(notice.ask.why).toContain('interrupted');
  return notice.ask.ask;
}

test('an effect that may have happened is not repeated by itself: the owner says no, and it happened once', async () => {
  const t = await scriptWorker('step.after-effect');
  const ask = await repeatAsk();
  expect(worker.read('effects')).toBe('done\n');
  expect(await worker.ask({ do: 'answer', ask, ok: false })).toEqual({ is: 'done' });
  await ended(t);
  expect(worker.read('effects')).toBe('done\n');
});

test('an effect that did not happen is done when the owner says yes', async () => {
  const t = await scriptWorker('step.after-intent');
  const ask = await repeatAsk();
  expect(await worker.ask({ do: 'answer', ask, ok: true })).toEqual({ is: 'done' });
  await ended(t);
  expect(worker.read('effects')).toBe('done\n');
});

test('the order to end parks what runs, within the time of the power contract', async () => {
  fake.play([{ hang: true }]);
  await worker.start();
  const t = await begin();
  await until(
    () => fake.requests.length,
    (count) => count > 0,
  );
  expect(await worker.end('lid-closed')).toBe(0);
  expect((await worker.events(t)).at(-1)?.what).toEqual({ kind: 'state', state: { is: 'parked', why: 'lid-closed' } });
  fake.play(SCRIPT);
  await worker.start();
  expect((await ended(t)).at(-1)?.what).toMatchObject({ state: { is: 'ended', fate: 'done' } });
});

test('a second worker on the same data folder is refused', async () => {
  await worker.start();
  const second = realWorker();
  const attempt = second.start({ ERRAND_DATA: worker.data });
  expect(attempt).rejects.toThrow('Another agent');
  await attempt.catch(() => undefined);
  await second.clear();
});
