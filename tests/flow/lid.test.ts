import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { endOf, taskOf, viewWith } from '../support/desktop.ts';
import { call, text } from '../support/fake-model.ts';
import { scriptFor, startFlow, type Flow } from '../support/flow.ts';
import { startLogind } from '../support/logind.ts';
import { until } from '../support/until.ts';

let logind: Awaited<ReturnType<typeof startLogind>>;
let flow: Flow;

beforeAll(async () => {
  logind = await startLogind();
  flow = await startFlow(() => undefined, logind.env);
});
afterAll(async () => {
  await flow.end();
  await logind.stop();
});

const presence = (wanted: string): Promise<unknown> =>
  viewWith(flow.phone, ({ desktops }) => (desktops[0]?.seen?.presence === wanted ? true : undefined));
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

test('the lid closes in the middle of a task: the worker is gone, the phone shows why, and the task resumes when it opens', async () => {
  const opened = Promise.withResolvers<void>();
  flow.model.play(
    scriptFor({
      'first lid': [
        call('write_text', { path: '~/a.md', text: 'one' }),
        { after: opened.promise, play: call('write_text', { path: '~/b.md', text: 'two' }) },
        text('Both written.'),
      ],
    }),
  );
  const id = await flow.send('first lid: write to ~/a.md and save to ~/b.md');
  await until(
    () => existsSync(flow.desktop.path('a.md')),
    (there) => there,
  );
  const { worker } = await flow.desktop.pids();
  expect(worker).not.toBeNull();
  await logind.setLid(true);
  await until(
    () => alive(worker ?? 0),
    (still) => !still,
  );
  await presence('lid-closed');
  const parked = await viewWith(flow.phone, (view) => {
    const task = taskOf(view, id);
    return task?.standing.is === 'parked' ? task : undefined;
  });
  expect(parked.standing).toEqual({ is: 'parked', why: 'lid-closed' });

  opened.resolve();
  await logind.setLid(false);
  expect((await endOf(flow.phone, id)).standing).toEqual({ is: 'ended', fate: 'done' });
  expect(readFileSync(flow.desktop.path('b.md'), 'utf8')).toBe('two');
});

test('the switch set on the phone is obeyed: with it off, a task goes on behind a closed lid', async () => {
  const desk = flow.phone.view().desktops[0]?.device.kid ?? '';
  await flow.phone.desktops.set(desk, { lid: false, idle: true, idleMinutes: 30 });
  await viewWith(flow.phone, ({ desktops }) => (desktops[0]?.seen?.settings.lid === false ? true : undefined));
  const { worker } = await flow.desktop.pids();
  await logind.setLid(true);
  await viewWith(flow.phone, ({ desktops }) => (desktops[0]?.seen?.lid === 'closed' ? true : undefined));
  flow.model.play([call('write_text', { path: '~/c.md', text: 'three' }), text('Written.')]);
  const id = await flow.send('write to ~/c.md');
  expect((await endOf(flow.phone, id)).standing).toEqual({ is: 'ended', fate: 'done' });
  expect((await flow.desktop.pids()).worker).toBe(worker);

  await flow.phone.desktops.set(desk, { lid: true, idle: true, idleMinutes: 30 });
  await presence('lid-closed');
  await until(
    () => alive(worker ?? 0),
    (still) => !still,
  );
  await logind.setLid(false);
  await presence('idle');
});
