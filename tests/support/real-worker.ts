import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Database } from 'bun:sqlite';
import { eventHash, eventSchema, type Event } from '../../edge/protocol/event.ts';
import type { Seen } from '../../edge/protocol/down.ts';
import { writeConfig, type Config } from '../../agent/config.ts';
import type { Notice, Reply, WorkerRequest } from '../../agent/control/messages.ts';
import type { SmallDisk } from './small-disk.ts';
import { until } from './until.ts';

/** A home folder for nobody else. */
export const newHome = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'errand-worker-')));

const program = join(import.meta.dirname, '..', '..', 'agent', 'worker.ts');

/** The real worker as a child process, and its desk in our hands. */
export interface RealWorker {
  readonly home: string;
  readonly data: string;
  readonly notices: Notice[];
  configure(some: Partial<Config>): void;
  put(path: string, content: string | Uint8Array): string;
  read(path: string): string;
  /** Starts it and waits until it answers the desk. */
  start(env?: Record<string, string>): Promise<void>;
  ask(request: WorkerRequest | { do: 'status' }): Promise<Reply>;
  /** Gives it a task; resolves with its id, also when the worker dies before it could answer. */
  task(request: Omit<Extract<WorkerRequest, { do: 'task' }>, 'do' | 'thread'>): Promise<string>;
  send(message: unknown): void;
  /** What the inbox says of an envelope. */
  verdict(id: string): string | undefined;
  /** Resolves with how it ended. */
  exit(): Promise<NodeJS.Signals | number | null>;
  end(presence?: Seen['presence']): Promise<NodeJS.Signals | number | null>;
  readonly pid: () => number;
  /** A task's events as stored; throws when their chain is broken. For a worker that has ended, or stands still. */
  events(t: string): Promise<Event[]>;
  clear(): Promise<void>;
}

/** `disk` gives it a disk of its own, mounted below the home folder. */
export function realWorker(
  first: Partial<Config> = {},
  { disk, home = newHome() }: { disk?: Pick<SmallDisk, 'enter' | 'at'>; home?: string } = {},
): RealWorker {
  const inside = join(home, '.errand');
  const data = disk ? disk.at(inside) : inside;
  const notices: Notice[] = [];
  const waiting = new Map<number, (reply: Reply) => void>();
  let config: Config = {
    name: 'Studio-PC',
    relay: null,
    app: null,
    roots: [],
    sensitive: [],
    model: { kind: 'offline' },
    remotePower: true,
    scripts: [],
    ...first,
  };
  let child: ChildProcess | undefined;
  let log = '';
  let next = 1;

  function current(): ChildProcess {
    if (!child) throw new Error('the worker was not started');
    return child;
  }
  const over = (): boolean => !child || child.exitCode !== null || child.signalCode !== null;
  async function exit(): Promise<NodeJS.Signals | number | null> {
    await until(over, Boolean);
    return child?.signalCode ?? child?.exitCode ?? null;
  }
  function newestTask(): string {
    const db = new Database(join(data, 'journal.sqlite'), { readonly: true });
    const row = db.query<{ id: string }, []>('select id from task order by rowid desc limit 1').get();
    db.close();
    return row?.id ?? '';
  }
  const worker: RealWorker = {
    home,
    data,
    notices,
    pid: () => current().pid ?? 0,
    configure: (some) => {
      config = { ...config, ...some };
      writeConfig(data, config);
    },
    put: (path, content) => {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    read: (path) => readFileSync(join(home, path), 'utf8'),
    start: async (env = {}) => {
      writeConfig(data, config);
      log = '';
      let ready = false;
      const [command, ...args] = [...(disk?.enter ?? []), process.execPath, program];
      const started = spawn(command, args, {
        cwd: home,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: {
          PATH: process.env['PATH'],
          HOME: home,
          ERRAND_DATA: inside,
          ERRAND_KEYRING: 'file',
          NO_PROXY: '127.0.0.1',
          ...env,
        },
      });
      child = started;
      started.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
      started.on('message', (message: { id?: number; reply?: Reply; notice?: Notice; pulse?: unknown }) => {
        if (message.pulse) ready = true;
        if (message.notice) notices.push(message.notice);
        if (message.id !== undefined && message.reply) waiting.get(message.id)?.(message.reply);
      });
      await until(
        () => ready || over(),
        (either) => either,
      );
      if (!ready && started.exitCode !== null) throw new Error(`the worker ended at once:\n${log}`);
    },
    ask: (request) =>
      new Promise((resolve) => {
        const id = next++;
        waiting.set(id, resolve);
        current().send({ id, request });
      }),
    task: async (request) => {
      current().send({ id: next++, request: { do: 'task', thread: null, ...request } });
      return until(newestTask, (id) => id !== '');
    },
    verdict: (id) => {
      const db = new Database(join(data, 'journal.sqlite'), { readonly: true });
      const row = db.query<{ verdict: string }, [string]>('select verdict from inbox where id = ?').get(id);
      db.close();
      return row?.verdict;
    },
    send: (message) => void current().send(message as object),
    exit,
    end: (presence = 'idle') => {
      if (!over()) current().send({ order: 'end', presence, why: 'the test is over' });
      return exit();
    },
    events: async (t) => {
      const db = new Database(join(data, 'journal.sqlite'), { readonly: true });
      const rows = db.query<{ json: string }, [string]>('select json from event where task = ? order by i').all(t);
      db.close();
      const events: Event[] = [];
      for (const [index, { json }] of rows.entries()) {
        const event = eventSchema.parse(JSON.parse(json));
        const before = rows[index - 1];
        const prev = before ? await eventHash(before.json) : null;
        if (event.i !== index + 1 || event.prev !== prev) throw new Error(`event ${index + 1} breaks the chain`);
        events.push(event);
      }
      return events;
    },
    clear: async () => {
      if (!over()) current().kill('SIGKILL');
      await exit();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return worker;
}
