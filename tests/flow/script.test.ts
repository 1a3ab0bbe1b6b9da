import { afterAll, beforeAll, expect, test } from 'bun:test';
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs';
import type { TaskView } from '../../mobile/state/view.ts';
import { endOf, taskOf, viewWith } from '../support/desktop.ts';
import { startFlow, type Flow } from '../support/flow.ts';

let flow: Flow;

beforeAll(async () => {
  flow = await startFlow((desktop) => {
    chmodSync(desktop.put('bin/backup.sh', '#!/bin/sh\necho "backed up $1"\ntouch "$HOME/backed-up"\n'), 0o700);
  });
  const added = await flow.desktop.errand(
    'script',
    'add',
    'backup',
    '--',
    flow.desktop.path('bin/backup.sh'),
    'photos',
  );
  if (added.status !== 0) throw new Error(added.said);
});
afterAll(() => flow.end());

const run = (): Promise<string> =>
  flow.send('backup', { script: 'backup', grants: [{ do: 'script', name: 'backup' }] });
const asked = (id: string): Promise<TaskView> =>
  viewWith(flow.phone, (view) => {
    const task = taskOf(view, id);
    return task?.asks.some(({ answer }) => !answer) ? task : undefined;
  });

test('a script registered at the desk runs by name from the phone, without a question and without a model', async () => {
  await viewWith(flow.phone, ({ desktops }) => (desktops[0]?.seen?.scripts.includes('backup') ? true : undefined));
  const task = await endOf(flow.phone, await run());
  expect(task.standing).toEqual({ is: 'ended', fate: 'done' });
  expect(task.asks).toEqual([]);
  expect(task.result?.text).toContain('backed up photos');
  expect(existsSync(flow.desktop.path('backed-up'))).toBe(true);
  expect(flow.model.requests).toEqual([]);
});

test('a script whose file changed on disk asks, showing what would run; denied, it does not run', async () => {
  appendFileSync(flow.desktop.path('bin/backup.sh'), 'echo sneaky > "$HOME/sneaky"\n');
  const task = await asked(await run());
  const [ask] = task.asks;
  expect(ask?.actions?.[0]?.action.act).toMatchObject({ sink: 'script', name: 'backup' });
  await flow.phone.errands.answer({ task: task.id, ask: ask?.ask.ask ?? '', ok: false });
  const end = await endOf(flow.phone, task.id);
  expect(end.standing).toMatchObject({ is: 'ended', fate: 'refused' });
  expect(existsSync(flow.desktop.path('sneaky'))).toBe(false);
});

test('allowed once, the changed script runs once, and asks again the next time', async () => {
  const task = await asked(await run());
  await flow.phone.errands.answer({ task: task.id, ask: task.asks[0]?.ask.ask ?? '', ok: true });
  expect((await endOf(flow.phone, task.id)).standing).toEqual({ is: 'ended', fate: 'done' });
  expect(readFileSync(flow.desktop.path('sneaky'), 'utf8')).toBe('sneaky\n');
  const again = await asked(await run());
  await flow.phone.errands.cancel(again.id);
  expect((await endOf(flow.phone, again.id)).standing).toMatchObject({ is: 'ended', fate: 'cancelled' });
});
