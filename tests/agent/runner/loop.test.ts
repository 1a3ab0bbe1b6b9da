import { afterEach, beforeEach, expect, test } from 'bun:test';
import { listTurns } from '../../../agent/journal/turn.ts';
import { call, startFakeModel, text, type FakeModel, type Script } from '../../support/fake-model.ts';
import { modelAt, testRunner, type TestRunner } from '../../support/test-runner.ts';

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

async function run(script: Script, words = 'Do it'): Promise<string> {
  fake.play(script);
  const t = desk.task(words, { grants: [{ do: 'write', path: '~/out/report.md', replace: false }] });
  await desk.reaches(t, 'ended');
  return t;
}

const fateOf = (t: string) => desk.record(t).state;

test('a task is done by the tools the model calls, and its answer and file become the result', async () => {
  desk.put('in/fact.txt', 'The bridge opens on 3 May.');
  desk.rules.roots.push('~/in');
  const t = await run([
    call('read_text', { path: '~/in/fact.txt' }),
    call('write_text', { path: '~/out/report.md', text: 'Opens 3 May.' }),
    text('The bridge opens on 3 May [fact.txt].'),
  ]);
  expect(fateOf(t)).toEqual({ is: 'ended', fate: 'done' });
  expect(desk.read('out/report.md').toString()).toBe('Opens 3 May.');
  const { text: answer, files, by, untrusted } = desk.result(t);
  expect(answer).toBe('The bridge opens on 3 May [fact.txt].');
  expect(by).toBe('claude-test');
  expect(untrusted).toBe(true);
  expect(files.map(({ name, size }) => [name, size])).toEqual([['report.md', 12]]);
  expect(JSON.stringify(fake.requests[1]?.messages)).toContain('The bridge opens on 3 May.');
});

test('the first event tells what was asked, and states follow each other to the end', async () => {
  const t = await run([text('Nothing to do.')]);
  const told = desk.happenings(t);
  expect(told[0]).toMatchObject({ kind: 'echo', text: 'Do it', thread: t });
  expect(told.flatMap((what) => (what.kind === 'state' ? [what.state.is] : []))).toEqual([
    'queued',
    'running',
    'ended',
  ]);
});

test('thinking goes back to the model with its signature, exactly as it came', async () => {
  const thought = {
    say: [
      { type: 'thinking', thinking: 'hm' },
      { type: 'tool_use', name: 'list', input: { folder: '~' } },
    ],
  } as const;
  const t = await run([thought, text('Done.')]);
  expect(fake.requests[1]?.messages[1]?.content).toMatchObject([
    { type: 'thinking', thinking: 'hm', signature: 'signed hm' },
    { type: 'tool_use', name: 'list' },
  ]);
  expect(listTurns(desk.journal(), t)[1]?.json).toContain('"output_tokens":20');
});

test('an input that does not fit, a tool that does not exist and broken JSON are answers to the model, not ends', async () => {
  const t = await run([
    call('read_text', { path: 7 }),
    call('launch_rocket', {}),
    {
      say: [
        { type: 'tool_use', name: 'write_csv', input: {}, json: '{"path": "~/out/report.md", "rows": [["a"],["b"]' },
      ],
    },
    text('I could not.'),
  ]);
  expect(fateOf(t)).toEqual({ is: 'ended', fate: 'done' });
  const results = fake.requests
    .at(-1)
    ?.messages.filter(({ role }) => role === 'user')
    .slice(1);
  expect(JSON.stringify(results).match(/does not fit the tool/g)).toHaveLength(2);
  expect(desk.result(t).files).toEqual([]);
  expect(JSON.stringify(results)).toContain('There is no tool \\"launch_rocket\\"');
  expect(JSON.stringify(results).match(/"is_error":true/g)).toHaveLength(3);
});

test('a refusal of the gate is a result the model reads', async () => {
  desk.put('secret/notes.txt', 'private');
  const t = await run([call('read_text', { path: '~/secret/notes.txt' }), text('It is not mine to read.')]);
  expect(fateOf(t)).toEqual({ is: 'ended', fate: 'done' });
  expect(JSON.stringify(fake.requests[1]?.messages)).not.toContain('private');
  expect(desk.happenings(t)).toContainEqual(expect.objectContaining({ kind: 'step', n: 1, state: 'refused' }));
});

test('an overloaded, rate-limited, cut or silent server is asked again, and the answer counts once', async () => {
  const t = await run([
    [
      { status: 529 },
      { status: 429, headers: { 'retry-after': '1' } },
      { cut: [{ type: 'text', text: 'The answer is being wri' }] },
      { cut: [{ type: 'tool_use', name: 'write_text', input: { path: '~/out/report.md', text: 'half' } }] },
      text('Whole.'),
    ],
  ]);
  expect(desk.result(t).text).toBe('Whole.');
  expect(fake.requests).toHaveLength(5);
  expect(listTurns(desk.journal(), t)).toHaveLength(2);
});

test('a server that stays away parks the task, and it goes on by itself when the server is back', async () => {
  fake.play([[{ status: 503 }]]);
  const t = desk.task('Do it');
  const { state } = await desk.reaches(t, 'parked');
  expect(state).toMatchObject({ is: 'parked', why: 'model-unavailable' });
  fake.play([text('Here I am.')]);
  desk.later(130_000);
  await desk.reaches(t, 'ended');
  expect(desk.result(t).text).toBe('Here I am.');
});

test('a refused key fails the task with words on what to do', async () => {
  const t = await run([{ status: 401 }]);
  expect(fateOf(t)).toMatchObject({ is: 'ended', fate: 'failed', why: expect.stringContaining('errand setup') });
  expect(fake.requests).toHaveLength(1);
});

test('a task that never ends runs out of steps', async () => {
  fake.play(() => Array.from({ length: 10 }, () => call('list', { folder: '~' })));
  const t = desk.task('Do it', { budget: { steps: 3 } });
  await desk.reaches(t, 'ended');
  expect(fateOf(t)).toMatchObject({ fate: 'failed', why: expect.stringContaining('steps') });
  expect(fake.requests).toHaveLength(3);
});

test('a task with a budget of tokens stops when they are spent', async () => {
  fake.play(() => Array.from({ length: 10 }, () => call('list', { folder: '~' })));
  const t = desk.task('Do it', { budget: { tokens: 50 } });
  await desk.reaches(t, 'ended');
  expect(fateOf(t)).toMatchObject({ fate: 'failed', why: expect.stringContaining('tokens') });
  expect(fake.requests).toHaveLength(2);
});

test('a reply that hit the length limit does nothing', async () => {
  const cut = {
    say: [{ type: 'tool_use', name: 'write_text', input: { path: '~/out/report.md', text: 'x' } }],
    stop: 'max_tokens',
  } as const;
  const t = await run([cut, text('Shorter now.')]);
  expect(desk.result(t).files).toEqual([]);
  expect(JSON.stringify(fake.requests[1]?.messages)).toContain('cut off');
});

test('what came with the task lies in its workspace, and the model is told where', async () => {
  fake.play([text('Seen.')]);
  const t = desk.task('Look', {
    files: [
      {
        name: '../../note.txt',
        type: 'text/plain',
        size: 2,
        sha256: 'j0NDRmSPa5bfid2pAcUXaxCm2Dlh3TwayItZstwyeqQ',
        content: { at: 'inline', data: 'aGk' },
      },
    ],
  });
  await desk.reaches(t, 'ended');
  expect(desk.record(t).state).toMatchObject({ fate: 'done' });
  expect(desk.read(`.errand/work/${t}/_.._note.txt`).toString()).toBe('hi');
  expect(JSON.stringify(fake.requests[0]?.messages)).toContain('_.._note.txt');
});

test('the key goes to the server, and the tools are described to it', async () => {
  await run([text('Fine.')]);
  const [request] = fake.requests;
  expect(request?.headers['authorization'] ?? request?.headers['x-api-key']).toContain('a-key');
  expect(request?.tools.map(({ name }) => name)).toContain('read_pdf');
});
