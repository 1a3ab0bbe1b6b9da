import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { endOf, killNow } from '../support/desktop.ts';
import { call, taskText, text, type FakeRequest, type FakeStep } from '../support/fake-model.ts';
import { startFlow, type Flow } from '../support/flow.ts';

let flow: Flow;

beforeAll(async () => {
  flow = await startFlow((desktop) => {
    desktop.put('Inbox/a.txt', 'The fair is on 3 May.');
  });
});
afterAll(() => flow.end());

/** What a model does that reads its brief: it works on the file that it wrote earlier in this thread. */
function obedient(request: FakeRequest): readonly FakeStep[] {
  const brief = taskText(request);
  const task = brief.slice(brief.indexOf('The task:'));
  const written = /Files you wrote: (\S+)/.exec(brief)?.[1] ?? 'nothing written earlier';
  const write = (path: string, words: string): readonly FakeStep[] => [
    call('write_text', { path, text: words }),
    text(`Wrote ${path}.`),
  ];
  if (task.includes('~/Out/first.md'))
    return write('~/Out/first.md', 'A long summary of the fair on 3 May, in many words.');
  if (task.includes('~/Out/other.md')) return write('~/Out/other.md', 'Another thread.');
  if (task.includes('shorter')) return write(written, 'Fair: 3 May.');
  return write(written, 'Fair: 3 May. In Paris.');
}

test('in a thread of three, with the agent restarted between them, "now make it shorter" changes the right file', async () => {
  const { desktop, phone, send } = flow;
  flow.model.play(obedient);
  const first = await send('Summarise ~/Inbox/a.txt into ~/Out/first.md');
  expect((await endOf(phone, first)).standing).toEqual({ is: 'ended', fate: 'done' });
  await endOf(phone, await send('Write a note to ~/Out/other.md'));

  await desktop.errand('stop');
  const replace = { do: 'write', path: desktop.path('Out/first.md'), replace: true } as const;
  const second = await send('now make it shorter', { thread: first, grants: [replace] });
  await desktop.errand('up');
  expect((await endOf(phone, second)).standing).toEqual({ is: 'ended', fate: 'done' });
  expect(readFileSync(desktop.path('Out/first.md'), 'utf8')).toBe('Fair: 3 May.');

  const { worker } = await desktop.pids();
  killNow(worker);
  const third = await send('and say where', { thread: first, grants: [replace] });
  const task = await endOf(phone, third);
  expect(task.standing).toEqual({ is: 'ended', fate: 'done' });
  expect(readFileSync(desktop.path('Out/first.md'), 'utf8')).toBe('Fair: 3 May. In Paris.');
  expect(readFileSync(desktop.path('Out/other.md'), 'utf8')).toBe('Another thread.');
  const thread = phone.view().threads.find(({ id }) => id === first);
  expect(thread?.tasks.map(({ id }) => id)).toEqual([first, second, third]);
});
