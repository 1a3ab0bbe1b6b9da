import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync, readdirSync } from 'node:fs';
import { endOf, killNow, taskOf, viewWith, type Desktop } from '../support/desktop.ts';
import { call, text, type FakeStep } from '../support/fake-model.ts';
import { scriptFor, startFlow, type Flow } from '../support/flow.ts';

let flow: Flow;

beforeAll(async () => {
  flow = await startFlow((desktop) => {
    desktop.put('Inbox/a.txt', 'The fair is on 3 May.');
  });
});
afterAll(() => flow.end());

/** Four files, and a pause in the middle in which a process can be killed. */
const steps = (folder: string, pause: Promise<unknown>): readonly FakeStep[] => [
  call('read_text', { path: '~/Inbox/a.txt' }),
  call('write_text', { path: `~/${folder}/1.md`, text: 'one' }),
  { after: pause, play: call('write_text', { path: `~/${folder}/2.md`, text: 'two' }) },
  call('write_csv', {
    path: `~/${folder}/3.csv`,
    rows: [
      ['a', 'b'],
      ['1', '2'],
    ],
  }),
  text('The fair is on 3 May [a.txt].'),
];

/** Everything the run left behind, to compare with an undisturbed one. */
const tree = (desktop: Desktop, folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(desktop.path(folder))
      .sort()
      .map((name) => [name, readFileSync(desktop.path(`${folder}/${name}`), 'utf8')]),
  );

async function runIn(
  folder: string,
  disturb: () => Promise<void>,
): Promise<{ files: unknown; answer: unknown; steps: unknown }> {
  const pause = Promise.withResolvers<void>();
  flow.model.play(scriptFor({ [folder]: steps(folder, pause.promise) }));
  const files = ['1.md', '2.md', '3.csv'].map(
    (name) => ({ do: 'write', path: `~/${folder}/${name}`, replace: false }) as const,
  );
  const id = await flow.send(`Read ~/Inbox/a.txt for ${folder}`, { grants: files });
  await viewWith(flow.phone, (view) =>
    (taskOf(view, id)?.steps.filter(({ state }) => state === 'done').length ?? 0) >= 2 ? true : undefined,
  );
  await disturb();
  pause.resolve();
  const task = await endOf(flow.phone, id);
  expect(task.standing).toEqual({ is: 'ended', fate: 'done' });
  expect(task.chain).toBe('whole');
  return {
    files: tree(flow.desktop, folder),
    answer: task.result?.text,
    steps: task.steps.map(({ n, tool, state }) => ({ n, tool, state })),
  };
}

let undisturbed: Awaited<ReturnType<typeof runIn>>;

test('undisturbed, the task leaves three files and an answer', async () => {
  undisturbed = await runIn('quiet', async () => undefined);
  expect(Object.keys(undisturbed.files as object)).toEqual(['1.md', '2.md', '3.csv']);
});

test.each(['worker', 'supervisor', 'stack'] as const)(
  'kill -9 of the %s in the middle of a task: it finishes with the result of an undisturbed run',
  async (victim) => {
    const disturbed = await runIn(`killed-${victim}`, async () => {
      const pids = await flow.desktop.pids();
      killNow(pids[victim]);
    });
    expect(disturbed).toEqual(undisturbed);
  },
);
