import type { ControlClient } from '../control/control-client.ts';
import type { Notice, WorkerRequest } from '../control/messages.ts';
import { ask } from './agent-process.ts';
import { attend } from './attend.ts';
import type { Desk } from './command.ts';

type Following = {
  desk: Desk;
  agent: ControlClient;
  request: Extract<WorkerRequest, { do: 'task' }>;
  wait: boolean;
};

/** Gives a task to the agent and stays until it ended. The exit code is 0 when it was done. */
export async function followTask({ desk, agent, request, wait }: Following): Promise<number> {
  if (!wait) {
    await ask(agent, request, 'task');
    agent.close();
    desk.say('The errand is on its way. `errand status` shows it.');
    return 0;
  }
  const ends = new Map<string, string>();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let mine: string | undefined;
  const note = (notice: Notice) => {
    if (notice.say === 'task' && notice.state.is === 'ended') ends.set(notice.t, notice.state.fate);
    if (mine !== undefined && ends.has(mine)) end();
  };
  agent.onNotice(note);
  await attend({
    agent,
    desk: { ...desk, interrupted: Promise.race([desk.interrupted, ended]) },
    mayPower: false,
    only: (notice) => 't' in notice && notice.t === mine,
    begin: async () => {
      mine = (await ask(agent, request, 'task')).t;
      if (ends.has(mine)) end();
    },
  });
  agent.close();
  const fate = ends.get(mine ?? '');
  if (fate === undefined) desk.say('The errand goes on without this terminal.');
  return fate === 'done' ? 0 : 1;
}
