import { afterEach, beforeEach, expect, test } from 'bun:test';
import { newId } from '../../../edge/protocol/id.ts';
import { openAskOf, takeAnswer } from '../../../agent/journal/ask.ts';
import { noteFailedLook, noteLook } from '../../../agent/journal/looks.ts';
import { addTask, cancelTask } from '../../../agent/journal/task.ts';
import { call, startFakeModel, taskText, text, type FakeModel } from '../../support/fake-model.ts';
import { someTask } from '../../support/memory-phone.ts';
import { DESK, modelAt, testRunner, type TestRunner } from '../../support/test-runner.ts';
import { until } from '../../support/until.ts';

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

const asked = (count: number) =>
  until(
    () => fake.requests.length,
    (n) => n >= count,
  );

test('tasks of a thread run in their order, and a follow-up knows what was asked, answered and written', async () => {
  fake.play((request) =>
    taskText(request).includes('shorter')
      ? [text('Shortened.')]
      : [call('write_text', { path: '~/out/a.md', text: 'long' }), text('Written, at length.')],
  );
  const first = desk.task('Write a report', { grants: [{ do: 'write', path: '~/out/a.md', replace: false }] });
  const second = desk.task('Now make it shorter', { thread: first, after: first });
  await desk.reaches(second, 'ended');
  const told = taskText(fake.requests.at(-1) ?? fail());
  expect(told).toContain('Write a report');
  expect(told).toContain('Written, at length.');
  expect(told).toContain(`${desk.home}/out/a.md`);
  expect(fake.requests.map((request) => taskText(request).includes('shorter'))).toEqual([false, false, true]);
});

test('a follow-up inherits what its thread has read', async () => {
  desk.put('in/page.txt', 'words of somebody');
  desk.rules.roots.push('~/in');
  fake.play((request) =>
    taskText(request).includes('And now')
      ? [text('Yes.')]
      : [call('read_text', { path: '~/in/page.txt' }), text('Read.')],
  );
  const first = desk.task('Read it');
  const second = desk.task('And now?', { thread: first, after: first });
  await desk.reaches(second, 'ended');
  expect(desk.record(second).taint.untrusted).toBe(true);
  expect(desk.result(second).untrusted).toBe(true);
});

test('a follow-up that overtook its predecessor is held, and runs alone once that is certain not to come', async () => {
  fake.play([text('Alone.')]);
  const look = (): void => noteLook(desk.journal(), desk.journal().now());
  look();
  const t = desk.task('Later words', { thread: newId(), after: newId() });
  desk.later(3_600_000);
  desk.kick();
  expect(desk.record(t).state.is).toBe('queued');
  noteFailedLook(desk.journal());
  look();
  desk.later(80_000);
  look();
  desk.kick();
  expect(desk.record(t).state.is).toBe('queued');
  desk.later(11_000);
  look();
  await desk.reaches(t, 'ended');
});

test('a follow-up that overtook its predecessor knows what that answered, and inherits its bits', async () => {
  desk.put('in/page.txt', 'words of somebody');
  desk.rules.roots.push('~/in');
  fake.play((request) =>
    taskText(request).includes('And now')
      ? [text('Yes.')]
      : [call('read_text', { path: '~/in/page.txt' }), text('Read it.')],
  );
  const first = newId();
  const second = desk.task('And now?', { thread: first, after: first });
  addTask(desk.journal(), { id: first, task: someTask('Read it'), from: DESK });
  await desk.reaches(second, 'ended');
  expect(taskText(fake.requests.at(-1) ?? fail())).toContain('You answered: Read it.');
  expect(desk.record(second).taint.untrusted).toBe(true);
});

test('a cancelled task stops while the model is thinking', async () => {
  fake.play([{ hang: true }]);
  const t = desk.task('Think');
  await asked(1);
  cancelTask(desk.journal(), t, DESK.kid);
  expect(desk.record(t).state).toEqual({ is: 'ended', fate: 'cancelled' });
  fake.play([text('Next.')]);
  const next = desk.task('Next');
  await desk.reaches(next, 'ended');
  expect(desk.happenings(t).at(-1)).toEqual({ kind: 'state', state: { is: 'ended', fate: 'cancelled' } });
});

test('a cancelled script is killed with its children, and the task has one fate', async () => {
  const file = desk.put('slow.sh', 'touch started; sleep 600 & sleep 600');
  const sha256 = new Bun.CryptoHasher('sha256').update(desk.read('slow.sh')).digest('base64url');
  desk.rules.scripts.push({ name: 'slow', file, argv: ['sh', file], cwd: desk.home, sha256 });
  const t = desk.task('Run slow', { script: 'slow', grants: [{ do: 'script', name: 'slow' }] });
  await until(() => Bun.file(`${desk.home}/started`).exists(), Boolean);
  cancelTask(desk.journal(), t, DESK.kid);
  fake.play([text('Free again.')]);
  await desk.reaches(desk.task('Next'), 'ended');
  expect(desk.happenings(t).filter((what) => what.kind === 'state' && what.state.is === 'ended')).toHaveLength(1);
});

test('a cancel that arrives before its task is remembered', () => {
  const id = newId();
  cancelTask(desk.journal(), id, DESK.kid);
  addTask(desk.journal(), { id, task: someTask('Too late'), from: DESK });
  expect(desk.record(id).state).toEqual({ is: 'ended', fate: 'cancelled' });
  expect(desk.happenings(id).map(({ kind }) => kind)).toEqual(['echo', 'state']);
  expect(fake.requests).toHaveLength(0);
});

test('after its deadline a task is skipped, or run, as it asked', async () => {
  fake.play([text('Ran.')]);
  const past = Math.floor(Date.now() / 1000) - 60;
  const skipped = desk.task('Only today', { deadline: past, ifMissed: 'skip' });
  const ran = desk.task('Any day', { deadline: past, ifMissed: 'run' });
  await desk.reaches(ran, 'ended');
  expect((await desk.reaches(skipped, 'ended')).state).toMatchObject({ fate: 'expired' });
  expect(fake.requests).toHaveLength(1);
});

test('after its deadline a task may ask whether to begin', async () => {
  fake.play([text('Ran.')]);
  const past = Math.floor(Date.now() / 1000) - 60;
  const yes = desk.task('Send it?', { deadline: past, ifMissed: 'ask' });
  const no = desk.task('Send that?', { deadline: past, ifMissed: 'ask' });
  for (const t of [yes, no]) {
    await desk.reaches(t, 'waiting');
    const open = openAskOf(desk.journal(), t) ?? fail();
    const digests = [...open.digests];
    takeAnswer(desk.journal(), { kind: 'answer', ask: open.ask.ask, digests, ok: t === yes, scope: 'once' }, DESK);
  }
  expect((await desk.reaches(yes, 'ended')).state).toMatchObject({ fate: 'done' });
  expect((await desk.reaches(no, 'ended')).state).toMatchObject({ fate: 'expired' });
});

test('a follow-up passes a task whose question nobody answered', async () => {
  desk.put('elsewhere/other.md', '');
  fake.play((request) =>
    taskText(request).includes('Instead')
      ? [text('So be it.')]
      : [call('write_text', { path: '~/elsewhere/a.md', text: 'x' })],
  );
  const first = desk.task('Write it');
  await desk.reaches(first, 'waiting');
  const second = desk.task('Instead, tell me', { thread: first, after: first });
  desk.later(601_000);
  await desk.reaches(second, 'ended');
  expect(desk.record(first).state).toEqual({ is: 'parked', why: 'ask-expired' });
});

test('a script runs by name without a model, and its output is the answer', async () => {
  const file = desk.put('hello.sh', 'echo "hello from $PWD"');
  const sha256 = new Bun.CryptoHasher('sha256').update(desk.read('hello.sh')).digest('base64url');
  desk.rules.scripts.push({ name: 'hello', file, argv: ['sh', file], cwd: desk.home, sha256 });
  const t = desk.task('Run hello', { script: 'hello', grants: [{ do: 'script', name: 'hello' }] });
  await desk.reaches(t, 'ended');
  expect(desk.result(t).text).toContain(`hello from ${desk.home}`);
  desk.put('hello.sh', 'echo changed');
  const again = desk.task('Run hello', { script: 'hello', grants: [{ do: 'script', name: 'hello' }] });
  await desk.reaches(again, 'waiting');
  expect(fake.requests).toHaveLength(0);
});

test('a task that was parked for the lid goes on after a restart, without asking the model twice', async () => {
  desk.rules.roots.push('~/in');
  desk.put('in/a.txt', 'A');
  fake.play([call('list', { folder: '~/in' }), [{ hang: true }, text('Finished.')]]);
  const t = desk.task('Look and say');
  await asked(2);
  await desk.restart({ park: 'lid-closed' });
  await desk.reaches(t, 'ended');
  const states = desk.happenings(t).flatMap((what) => (what.kind === 'state' ? [what.state] : []));
  expect(states).toContainEqual({ is: 'parked', why: 'lid-closed' });
  expect(desk.result(t).text).toBe('Finished.');
  expect(fake.requests).toHaveLength(3);
  expect(desk.happenings(t).filter(({ kind }) => kind === 'step')).toHaveLength(2);
});

function fail(): never {
  throw new Error('nobody was asked');
}
