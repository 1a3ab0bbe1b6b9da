import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { cancelTask } from '../../../agent/journal/task.ts';
import { anthropicModel } from '../../../agent/runner/anthropic.ts';
import { en } from '../../../mobile/words/en.ts';
import { record } from '../../support/evidence.ts';
import {
  beginning,
  call,
  errorFrame,
  startFakeModel,
  taskText,
  text,
  type FakeModel,
  type FakeStep,
  type FakeTurn,
} from '../../support/fake-model.ts';
import { until } from '../../support/until.ts';
import { DESK, modelAt, noWait, testRunner, type TestRunner } from '../../support/test-runner.ts';

/* All that a model's server can do wrong, spoken to by the real SDK: the words that come of it, and that the task goes on or ends. */

let fake: FakeModel;
let desk: TestRunner;

beforeEach(() => {
  fake = startFakeModel();
  desk = testRunner({ model: modelAt(fake.url) });
});
afterEach(async () => {
  await desk.clear();
  await fake.stop();
});

const OUT = { do: 'write', path: '~/out', replace: true } as const;
const notesOf = (t: string) => desk.happenings(t).flatMap((what) => (what.kind === 'note' ? [what.text] : []));
const met = (): void => record({ is: 'faults', run: 'bad input', tasks: 1, injected: 1, lost: 0, repeated: 0 });

/** The words with the server's address left out. */
const plain = (words: string | undefined) => words?.replaceAll(fake.url, 'HERE');

describe('what the owner has to mend ends the task, in words that say how', () => {
  const AT_DESK = 'with `errand setup` at the desktop, then send the task again.';

  test.each<[string, FakeTurn, string]>([
    ['401', { status: 401 }, `The model at HERE refused the key. Put in another one ${AT_DESK}`],
    [
      '403',
      { status: 403, said: 'no access to this model' },
      `The model at HERE does not allow this with this key or account (no access to this model). Choose another key or model ${AT_DESK}`,
    ],
    [
      '402',
      { status: 402 },
      'The model at HERE says that the account is out of credit. Add some there, then send the task again.',
    ],
    [
      'no credit, said as a 400',
      { status: 400, said: 'Your credit balance is too low to access the API.' },
      'The model at HERE says that the account is out of credit. Add some there, then send the task again.',
    ],
    ['404', { status: 404 }, `The model at HERE does not know this model. Choose another ${AT_DESK}`],
    [
      'too long a prompt',
      { status: 400, said: 'prompt is too long: 210000 tokens > 200000 maximum' },
      'The task has become too long for the model. Send it in smaller parts: fewer files, or some pages only.',
    ],
    [
      '413',
      { status: 413 },
      'The task has become too long for the model. Send it in smaller parts: fewer files, or some pages only.',
    ],
    [
      'a full context',
      { say: [{ type: 'text', text: 'And so' }], stop: 'model_context_window_exceeded' },
      'The task has become too long for the model. Send it in smaller parts: fewer files, or some pages only.',
    ],
    [
      'another 400',
      { status: 400, said: 'no such field' },
      `The model at HERE rejected the request (no such field). Send the task again in other words, or choose another model ${AT_DESK}`,
    ],
    [
      'an error told in the middle of an answer',
      { raw: beginning() + errorFrame('permission_error') },
      `The model at HERE does not allow this with this key or account (an permission_error in the middle). Choose another key or model ${AT_DESK}`,
    ],
    [
      'a refusal',
      { say: [{ type: 'text', text: 'I would rather not.' }], stop: 'refusal' },
      'The model declined to do this. Say in other words what it is for, or choose another model with `errand setup` at the desktop.',
    ],
  ])('%s', async (_, turn, words) => {
    fake.play([turn]);
    const t = desk.task('Do it');
    const { state } = await desk.reaches(t, 'ended');
    expect(state).toMatchObject({ is: 'ended', fate: 'failed' });
    expect(plain(state.is === 'ended' ? state.why : '')).toBe(words);
    expect(fake.requests).toHaveLength(1);
    fake.play([text('The next one is well.')]);
    const next = desk.task('Another');
    await desk.reaches(next, 'ended');
    expect(desk.result(next).text).toBe('The next one is well.');
    met();
  });

  test('a key that is not there', async () => {
    const model = anthropicModel({ model: 'claude-test', apiKey: undefined, baseUrl: undefined, wait: noWait });
    await desk.restart({ model });
    const t = desk.task('Do it');
    expect((await desk.reaches(t, 'ended')).state).toMatchObject({
      why: 'There is no key for the model. Put one in with `errand setup` at the desktop.',
    });
    met();
  });
});

describe('what passes by itself parks the task, which says why and goes on', () => {
  const AGAIN = 'It is asked again by itself.';
  const HTML = '<html><body>Sign in to the network</body></html>';

  test.each<[string, FakeTurn, RegExp | string]>([
    ['429', { status: 429 }, `The model at HERE has answered as often as it does for now. ${AGAIN}`],
    ['529', { status: 529 }, `The model at HERE is overloaded. ${AGAIN}`],
    ['503', { status: 503 }, `The model at HERE is overloaded. ${AGAIN}`],
    ['500', { status: 500 }, `The model at HERE has a fault just now (500). ${AGAIN}`],
    [
      'overloaded in the middle',
      { raw: beginning() + errorFrame('overloaded_error') },
      `The model at HERE is overloaded. ${AGAIN}`,
    ],
    [
      'cut in the middle',
      { cut: [{ type: 'text', text: 'The answer is be' }] },
      /^The model at HERE broke off, or did not answer as a model does \(.+\)\. It is asked again by itself\.$/,
    ],
    [
      'an event that is no JSON',
      { raw: `${beginning()}event: content_block_delta\ndata: {"type": \n\n` },
      /broke off, or did not answer as a model does/,
    ],
    ['another page in its place', { raw: HTML, type: 'text/html' }, /broke off, or did not answer as a model does/],
    ['an empty stream', { raw: '' }, /broke off, or did not answer as a model does/],
    [
      'a call that has no name',
      { say: [{ type: 'tool_use', name: 7 as unknown as string, input: {} }] },
      /broke off, or did not answer as a model does/,
    ],
    [
      'an answer that has no end',
      { flood: 'again and '.repeat(10_000) },
      `The model at HERE gave an answer that has no end. ${AGAIN}`,
    ],
  ])('%s', async (_, turn, words) => {
    fake.play([turn]);
    const t = desk.task('Do it');
    const { state } = await desk.reaches(t, 'parked');
    expect(state).toMatchObject({ why: 'model-unavailable', until: expect.any(Number) });
    const [note] = notesOf(t);
    if (typeof words === 'string') expect(plain(note)).toBe(words);
    else expect(plain(note)).toMatch(words);
    const tries = fake.requests.length;
    desk.later(130_000);
    await until(
      () => fake.requests.length,
      (count) => count === 2 * tries,
    );
    await desk.reaches(t, 'parked');
    expect(notesOf(t).filter((each) => each === note)).toHaveLength(1);
    fake.play([text('Here I am.')]);
    desk.later(130_000);
    await desk.reaches(t, 'ended');
    expect(desk.result(t).text).toBe('Here I am.');
    met();
  });

  test('a server that nobody runs', async () => {
    const { url } = fake;
    await fake.stop();
    const t = desk.task('Do it');
    await desk.reaches(t, 'parked');
    expect(notesOf(t)).toEqual([`The model at ${url} cannot be reached. Is it running? ${AGAIN}`]);
    met();
  });

  test('a server that took the question and says nothing', async () => {
    const waits: number[] = [];
    await desk.restart({
      model: anthropicModel({
        model: 'claude-test',
        apiKey: 'a-key',
        baseUrl: fake.url,
        wait: async (ms) => void waits.push(ms),
      }),
    });
    fake.play([{ hang: true }]);
    const t = desk.task('Do it');
    await desk.reaches(t, 'parked');
    expect(plain(notesOf(t)[0])).toBe(`The model at HERE said nothing for 20 minutes. ${AGAIN}`);
    expect(waits).toContain(1_200_000);
    met();
  });
});

describe('a server that says how long to wait', () => {
  test('is left alone for so long, and the phone is told until when', async () => {
    const later: FakeStep = [{ status: 429, headers: { 'retry-after': '1800' } }, text('Now.')];
    fake.play((request) => [taskText(request).includes('Another') ? text('At once.') : later]);
    const before = Date.now();
    const t = desk.task('Do it');
    const { state } = await desk.reaches(t, 'parked');
    if (state.is !== 'parked' || state.until === undefined) throw new Error('it does not say until when');
    expect(Math.round((state.until - before) / 60_000)).toBe(30);
    expect(en.standing(state, 'Studio-PC', () => '14:05')).toBe(
      'Paused: the model does not answer just now. Tried again at 14:05.',
    );
    desk.later(1_700_000);
    const other = desk.task('Another');
    await desk.reaches(other, 'ended');
    expect(desk.record(t).state.is).toBe('parked');
    desk.later(110_000);
    await desk.reaches(t, 'ended');
    expect(desk.result(t).text).toBe('Now.');
    met();
  });

  test('may say it as a date', async () => {
    const headers = { date: 'Sun, 22 Nov 2026 10:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' };
    fake.play([[{ status: 503, headers }]]);
    const before = Date.now();
    const { state } = await desk.reaches(desk.task('Do it'), 'parked');
    expect(Math.round(((state.is === 'parked' ? (state.until ?? 0) : 0) - before) / 60_000)).toBe(60);
  });

  test('and can be cancelled meanwhile', async () => {
    fake.play([{ status: 429, headers: { 'retry-after': '1800' } }]);
    const t = desk.task('Do it');
    await desk.reaches(t, 'parked');
    cancelTask(desk.journal(), t, DESK.kid);
    expect(desk.record(t).state).toEqual({ is: 'ended', fate: 'cancelled' });
    desk.later(2_000_000);
    fake.play([text('The next one.')]);
    const next = desk.task('Another');
    await desk.reaches(next, 'ended');
    expect(desk.record(t).state).toEqual({ is: 'ended', fate: 'cancelled' });
    met();
  });
});

describe('an odd answer', () => {
  async function ended(...script: FakeTurn[]): Promise<string> {
    fake.play(script);
    const t = desk.task('Do it', { grants: [OUT] });
    await desk.reaches(t, 'ended');
    met();
    return t;
  }
  const resultsIn = (request: number): string => JSON.stringify(fake.requests[request]?.messages.at(-1));

  test('without a word is no success', async () => {
    const t = await ended({ say: [] });
    expect(desk.record(t).state).toMatchObject({ fate: 'failed' });
    expect(desk.result(t).text).toBe('The model answered with nothing. Send the task again in other words.');
  });

  test('without a word after its steps is what the steps are', async () => {
    const t = await ended(call('write_text', { path: '~/out/a.md', text: 'a' }), { say: [] });
    expect(desk.record(t).state).toMatchObject({ fate: 'done' });
    expect(desk.result(t).text).toBe('The model ended without a word. Its steps show what was done.');
    expect(desk.result(t).files.map(({ name }) => name)).toEqual(['a.md']);
  });

  test('that hit the length limit says so', async () => {
    const t = await ended({ say: [{ type: 'text', text: 'It was a dark and' }], stop: 'max_tokens' });
    expect(desk.record(t).state).toMatchObject({ fate: 'failed' });
    expect(desk.result(t).text).toBe(
      'It was a dark and\n\nThe answer was cut off at the length limit of the model. Send a follow-up to go on, or ask for less at once.',
    );
  });

  test('cut off in the middle of a call writes nothing', async () => {
    const half = '{"path": "~/out/a.md", "text": "half a se';
    const t = await ended(
      { say: [{ type: 'tool_use', name: 'write_text', input: {}, json: half }], stop: 'max_tokens' },
      text('Never mind.'),
    );
    expect(resultsIn(1)).toContain('Your reply was cut off at the length limit, so nothing was done.');
    expect(desk.result(t).files).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['words', 'just words', 'The input does not fit the tool.'],
    ['nothing', null, 'The input does not fit the tool.'],
    ['a list', [1, 2], 'The input does not fit the tool.'],
    ['another type', { path: ['~/out/a.md'], text: 7 }, 'The input does not fit the tool.'],
    ['a field too many', { path: '~/out/a.md', text: 'a', mode: 0o777 }, 'The input does not fit the tool.'],
  ])('that gives a tool %s is told what is wrong', async (_, input, words) => {
    const t = await ended(call('write_text', input), text('I see.'));
    expect(resultsIn(1)).toContain(words);
    expect(desk.result(t)).toMatchObject({ text: 'I see.', files: [] });
  });

  test('with a megabyte in one call writes a megabyte', async () => {
    const million = 'word '.repeat(200_000);
    const t = await ended(call('write_text', { path: '~/out/large.md', text: million }), text('Written.'));
    expect(desk.result(t).text).toBe('Written.');
    expect(desk.read('out/large.md').toString()).toBe(million);
  });

  test('with thousands of calls does as many as the task has steps', async () => {
    const calls = Array.from({ length: 3000 }, (_, i) => ({
      type: 'tool_use' as const,
      name: 'write_text',
      input: { path: `~/out/${i}.md`, text: 'x' },
    }));
    const t = await ended({ say: calls });
    expect(desk.record(t).state).toMatchObject({
      fate: 'failed',
      why: 'The task used up its steps. Send a follow-up to go on.',
    });
    expect(desk.happenings(t).filter((what) => what.kind === 'step' && what.state === 'done')).toHaveLength(60);
  });

  test('whose calls all have the same id does each of them', async () => {
    const write = (name: string) =>
      ({
        type: 'tool_use',
        id: 'call_0',
        name: 'write_text',
        input: { path: `~/out/${name}.md`, text: name },
      }) as const;
    const t = await ended({ say: [write('a'), write('b')] }, { say: [write('c')] }, text('Three.'));
    expect(['a', 'b', 'c'].map((name) => desk.read(`out/${name}.md`).toString())).toEqual(['a', 'b', 'c']);
    expect(desk.result(t).text).toBe('Three.');
  });
});
