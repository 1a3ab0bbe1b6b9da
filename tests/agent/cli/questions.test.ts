import { expect, test } from 'bun:test';
import { Questions } from '../../../agent/cli/questions.ts';
import type { Notice } from '../../../agent/control/messages.ts';
import { type Action, freezeAction } from '../../../edge/protocol/ask.ts';
import { newId } from '../../../edge/protocol/id.ts';

const claim: Notice = { say: 'claim', claim: 'c1', name: 'Pixel 8', digits: '418 203' };
const HASH = 'A'.repeat(43);

async function askNotice(act: Action['act'], t = newId()): Promise<Extract<Notice, { say: 'ask' }>> {
  const { bytes } = await freezeAction({ v: 1, t, n: 1, act });
  const ask = { ask: newId(), why: 'It is not among your folders.', actions: [bytes], high: false, exp: 0 };
  return { say: 'ask', t, text: 'Tidy up', ask };
}

const read = { sink: 'read', path: '/home/me/secret.txt' } satisfies Action['act'];

test('a claim is put in one line, and one key allows it with the power switches as shown', async () => {
  const questions = new Questions({ mayPower: true });
  expect(questions.hear(claim)).toBe(true);
  expect(await questions.words()).toBe(
    'Pixel 8 wants to control this computer. It shows 418 203. Allow? [a] allow  [d] deny   power switches from this phone: yes [x]',
  );
  expect(questions.press('x').say).toContain('no [x]');
  expect(questions.press('a').request).toEqual({ do: 'allow', claim: 'c1', ok: true, mayPower: false });
  expect(questions.press('a')).toEqual({});
});

test('a phone that could read older errands is asked about in the same line, and a key decides', async () => {
  const questions = new Questions({ mayPower: false });
  questions.hear({ ...claim, history: false });
  expect(await questions.words()).toEndWith('this phone reads older errands: no [h]');
  expect(questions.press('h').say).toContain('yes [h]');
  expect(questions.press('a').request).toEqual({
    do: 'allow',
    claim: 'c1',
    ok: true,
    mayPower: false,
    mayHistory: true,
  });
});

test('where there is nothing older, nobody is asked', async () => {
  const questions = new Questions({ mayPower: false });
  questions.hear(claim);
  expect(questions.press('h')).toEqual({});
  expect(questions.press('a').request).not.toHaveProperty('mayHistory');
});

test('the other key denies it', () => {
  const questions = new Questions({ mayPower: true });
  questions.hear(claim);
  expect(questions.press('d').request).toEqual({ do: 'allow', claim: 'c1', ok: false, mayPower: false });
});

test('a claim that was allowed at another terminal is forgotten', () => {
  const questions = new Questions({ mayPower: true });
  questions.hear(claim);
  expect(questions.hear({ say: 'paired', name: 'Pixel 8' })).toBe(true);
  expect(questions.press('a')).toEqual({});
});

test('a question shows the action decoded from the bytes that are answered', async () => {
  const questions = new Questions({ mayPower: true });
  const notice = await askNotice(read);
  questions.hear(notice);
  expect(await questions.words()).toContain('read /home/me/secret.txt');
  expect(questions.press('q')).toEqual({});
  expect(questions.press('y').request).toEqual({ do: 'answer', ask: notice.ask.ask, ok: true });
});

test('the reason is shown whole, because it ends with what to do', async () => {
  const questions = new Questions({ mayPower: true });
  const notice = await askNotice(read);
  const why = `${'The file has changed since it was registered. '.repeat(4)}Register it again.`;
  questions.hear({ ...notice, ask: { ...notice.ask, why } });
  expect(await questions.words()).toContain('Register it again.');
});

test('characters that would disguise a path are shown by number', async () => {
  const questions = new Questions({ mayPower: true });
  questions.hear(await askNotice({ sink: 'read', path: '/home/me/\u202Efdp.exe\n' }));
  const words = await questions.words();
  expect(words).toContain('<U+202E>fdp.exe<U+000A>');
});

test('every kind of action has words', async () => {
  const acts: Action['act'][] = [
    read,
    { sink: 'write', path: '/a.docx', before: null, after: { sha256: HASH, size: 12 } },
    { sink: 'write', path: '/a.docx', before: { sha256: HASH, size: 3 }, after: { sha256: HASH, size: 12 } },
    { sink: 'script', name: 'backup', argv: ['sh', 'b.sh'], cwd: '/home/me', sha256: HASH },
    { sink: 'repeat', tool: 'run_script', about: 'backup' },
  ];
  const words = await Promise.all(
    acts.map(async (act) => {
      const questions = new Questions({ mayPower: true });
      questions.hear(await askNotice(act));
      return questions.words();
    }),
  );
  expect(words.map((text) => text?.split('\n')[1]?.trim().split(' ')[0])).toEqual([
    'read',
    'create',
    'replace',
    'run',
    'do',
  ]);
});

test('questions wait in line; one whose task moved on is dropped, and a new one replaces the old one of its task', async () => {
  const questions = new Questions({ mayPower: true });
  const first = await askNotice(read);
  const second = await askNotice(read);
  const renewed = { ...(await askNotice(read, second.t)) };
  questions.hear(first);
  expect(questions.hear(second)).toBe(false);
  questions.hear(renewed);
  expect(questions.hear({ say: 'task', t: first.t, text: '', state: { is: 'running' } })).toBe(true);
  expect(questions.press('n').request).toEqual({ do: 'answer', ask: renewed.ask.ask, ok: false });
  expect(questions.press('n')).toEqual({});
});

test('a task that begins to wait keeps its question', async () => {
  const questions = new Questions({ mayPower: true });
  const notice = await askNotice(read);
  questions.hear(notice);
  questions.hear({ say: 'task', t: notice.t, text: '', state: { is: 'waiting', ask: notice.ask.ask } });
  expect(questions.press('y').request).toMatchObject({ do: 'answer' });
});
