import { newId } from '../../edge/protocol/id.ts';
import type { Reply, Request, SupervisorRequest, WorkerRequest } from '../control/messages.ts';
import { readAsk, takeAnswer } from '../journal/ask.ts';
import { audit } from '../journal/audit.ts';
import type { Journal } from '../journal/journal.ts';
import { writeSettings } from '../journal/meta.ts';
import { listPeers } from '../journal/peer.ts';
import { addTask, cancelTask, countUnended, listRecent, listThread, type Asker } from '../journal/task.ts';
import { dropPhone } from './control.ts';
import type { LinkState } from './link.ts';
import type { Pairing } from './pairing.ts';

/** What the desk's requests need beside the journal. */
export interface DeskDeps {
  readonly journal: Journal;
  /** Who asks at the desk: this desktop itself. */
  readonly me: () => Asker;
  readonly linkState: () => LinkState;
  /** Undefined while no relay is configured. */
  readonly pairing: () => Pairing | undefined;
  readonly login: (owner: { email: string; password: string; code: string }) => Promise<void>;
  readonly reload: () => Promise<void>;
  readonly modelName: () => string;
  readonly running: () => number;
}

const TASKS_SHOWN = 50;

const DONE: Reply = { is: 'done' };
const NOT_MINE: Reply = { is: 'error', code: 'worker.not-mine', message: 'The supervisor carries that out.' };
const NO_RELAY: Reply = {
  is: 'error',
  code: 'desk.no-relay',
  message: 'This desktop knows no relay and app yet. Run `errand start`, or `errand up --relay URL`.',
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'worker.failed';

/** Answers a request of the desk. Must not throw: what goes wrong is an answer with words on what to do. */
export async function answerDesk(deps: DeskDeps, request: Request): Promise<Reply> {
  try {
    if (request.do === 'status') return statusReply(deps);
    if (isForSupervisor(request)) return NOT_MINE;
    return await (isAboutPhones(request) ? answerAboutPhones(deps, request) : answerAboutTasks(deps, request));
  } catch (error) {
    return { is: 'error', code: codeOf(error), message: error instanceof Error ? error.message : String(error) };
  }
}

type AboutPhones = Extract<WorkerRequest, { do: 'pair' | 'unpair' | 'allow' | 'login' | 'devices' | 'drop' }>;
const ABOUT_PHONES: ReadonlySet<string> = new Set<AboutPhones['do']>([
  'pair',
  'unpair',
  'allow',
  'login',
  'devices',
  'drop',
]);
const isAboutPhones = (request: Request): request is AboutPhones => ABOUT_PHONES.has(request.do);
const FOR_SUPERVISOR: ReadonlySet<string> = new Set<SupervisorRequest['do']>([
  'status',
  'attach',
  'up',
  'stop',
  'quit',
]);
const isForSupervisor = (request: Request): request is SupervisorRequest => FOR_SUPERVISOR.has(request.do);

function statusReply({ journal, me, linkState, modelName, running }: DeskDeps): Reply {
  const { queued, waiting } = countUnended(journal);
  const phones = listPeers(journal).length;
  return {
    is: 'worker-status',
    status: { kid: me().kid, link: linkState(), model: modelName(), running: running(), queued, waiting, phones },
  };
}

async function answerAboutPhones(deps: DeskDeps, request: AboutPhones): Promise<Reply> {
  const { journal, me } = deps;
  switch (request.do) {
    case 'pair':
      return pair(deps);
    case 'unpair':
      deps.pairing()?.hide();
      return DONE;
    case 'allow':
      await deps.pairing()?.allow(request);
      return DONE;
    case 'login':
      await deps.login(request);
      return DONE;
    case 'devices':
      return { is: 'devices', devices: listPeers(journal).map(deviceSummary) };
    case 'drop':
      dropPhone(journal, request.kid, me().kid);
      return DONE;
  }
}

async function answerAboutTasks(deps: DeskDeps, request: Exclude<WorkerRequest, AboutPhones>): Promise<Reply> {
  const { journal, me } = deps;
  switch (request.do) {
    case 'task':
      return addDeskTask(deps, request);
    case 'cancel':
      cancelTask(journal, request.t, me().kid);
      return DONE;
    case 'answer':
      return answerAsk(deps, request);
    case 'tasks':
      return { is: 'tasks', tasks: listRecent(journal, TASKS_SHOWN).map(taskSummary) };
    case 'set':
      writeSettings(journal, request.settings);
      audit(journal, { did: 'set-power', settings: JSON.stringify(request.settings), by: me().kid });
      return DONE;
    case 'reload':
      await deps.reload();
      return DONE;
  }
}

async function pair(deps: DeskDeps): Promise<Reply> {
  const pairing = deps.pairing();
  return pairing ? { is: 'offer', ...(await pairing.show()) } : NO_RELAY;
}

function addDeskTask({ journal, me }: DeskDeps, request: Extract<WorkerRequest, { do: 'task' }>): Reply {
  const { text, grants, thread, script } = request;
  const id = newId();
  const after = thread === null ? null : (listThread(journal, thread).at(-1)?.id ?? null);
  addTask(journal, {
    id,
    from: me(),
    task: { kind: 'task', text, thread, after, grants, ifMissed: 'run', ...(script !== undefined && { script }) },
  });
  return { is: 'task', t: id };
}

/** The person at the desk saw the same actions: the answer names them all. */
function answerAsk({ journal, me }: DeskDeps, request: Extract<WorkerRequest, { do: 'answer' }>): Reply {
  const { ask, ok, because } = request;
  const digests = [...(readAsk(journal, ask)?.digests ?? [])];
  const refusal = takeAnswer(
    journal,
    { kind: 'answer', ask, digests, ok, scope: 'once', ...(because !== undefined && { because }) },
    me(),
  );
  if (refusal === undefined) return DONE;
  return { is: 'error', code: 'ask.over', message: 'This question was answered already, or its time is over.' };
}

const taskSummary = ({ id, thread, text, state, created }: ReturnType<typeof listRecent>[number]) => ({
  t: id,
  thread,
  text,
  state,
  at: created,
});

const deviceSummary = ({
  device,
  mayPower,
  mayHistory,
  pairedAt,
  lastHeard,
}: ReturnType<typeof listPeers>[number]) => ({
  kid: device.kid,
  name: device.name,
  mayPower,
  mayHistory,
  pairedAt,
  lastHeard,
});
