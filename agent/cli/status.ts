import type { Status } from '../control/messages.ts';
import { ask, requireAgent } from './agent-process.ts';
import { type Command, takesNoArguments } from './command.ts';

const PRESENCE = {
  running: 'working',
  idle: 'ready',
  'lid-closed': 'off, the lid is closed',
  'shut-down-by-idle': 'off, nobody was there',
  asleep: 'asleep',
  'stopped-by-owner': 'stopped',
} satisfies Record<Status['presence'], string>;

const LINK = {
  online: 'connected',
  offline: 'not connected, it tries again',
  'no-session': 'waits for the first phone',
};

function settingsWords({ lid, idle, idleMinutes }: Status['settings']): string {
  const off = [
    ...(lid ? ['when the lid closes'] : []),
    ...(idle ? [`after ${idleMinutes} minutes without input`] : []),
  ];
  return off.length === 0 ? 'never by itself' : off.join(' and ');
}

function workerLines({ worker }: Status): string[][] {
  if (worker === null) return [];
  const { running, queued, waiting } = worker;
  return [
    ['Link', LINK[worker.link]],
    ['Model', worker.model],
    ['Errands', `${running} running, ${queued} queued, ${waiting} waiting for you`],
    ['Phones', String(worker.phones)],
  ];
}

export function statusWords(status: Status): string {
  const lines = [
    ['Errand', `${status.name}: ${PRESENCE[status.presence]}`],
    ['', status.why],
    ['Since', new Date(status.since).toLocaleString()],
    ['Relay', status.relay ?? 'none'],
    ['App', status.app ?? 'none'],
    ...workerLines(status),
    ['Ends', settingsWords(status.settings)],
  ];
  return lines.map(([name = '', value = '']) => `${name.padEnd(9)}${value}`).join('\n');
}

export const status: Command = async (desk, args) => {
  takesNoArguments(args);
  const agent = await requireAgent(desk);
  const reply = await ask(agent, { do: 'status' }, 'status');
  agent.close();
  desk.say(statusWords(reply.status));
  return 0;
};
