import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Happening } from '../../edge/protocol/event.ts';
import { eventSchema } from '../../edge/protocol/event.ts';
import { newId } from '../../edge/protocol/id.ts';
import type { Task } from '../../edge/protocol/task.ts';
import { openJournal, type Journal } from '../../agent/journal/journal.ts';
import { addTask, readTask, type TaskRecord } from '../../agent/journal/task.ts';
import type { Rules, Script } from '../../agent/policy/rules.ts';
import { anthropicModel } from '../../agent/runner/anthropic.ts';
import type { Parts } from '../../agent/runner/deps.ts';
import type { Model } from '../../agent/runner/model.ts';
import { createRunner, type Runner } from '../../agent/runner/run.ts';
import type { ParkedWhy } from '../../agent/runner/run-task.ts';
import { spawnApart } from '../../agent/tools/apart/spawn-apart.ts';
import { spawnCommand } from '../../agent/tools/spawn-command.ts';
import type { Tool } from '../../agent/tools/tool.ts';
import { tools } from '../../agent/tools/tools.ts';
import { someTask } from './memory-phone.ts';
import { until } from './until.ts';

export const DESK = { kid: 'd'.repeat(43), name: 'Studio-PC' };

/** A home folder, a journal and the runner on them: everything real but the model's server. */
export interface TestRunner {
  readonly home: string;
  journal(): Journal;
  readonly rules: { roots: string[]; scripts: Script[] };
  put(path: string, content: string | Uint8Array): string;
  read(path: string): Buffer;
  /** Moves the agent's clock forward. */
  later(ms: number): void;
  /** Adds a task as if it had come from the desk. */
  task(text: string, more?: Partial<Task>): string;
  happenings(t: string): Happening[];
  record(t: string): TaskRecord;
  /** Resolves once the task's state is of this kind. */
  reaches(t: string, is: TaskRecord['state']['is']): Promise<TaskRecord>;
  result(t: string): Extract<Happening, { kind: 'result' }>;
  kick(): void;
  /** Ends the runner and opens the journal anew, as the next process would. */
  restart(options?: { park?: ParkedWhy; model?: Model }): Promise<void>;
  clear(): Promise<void>;
}

/** Pauses take no time. What waits for minutes waits for something that does not come, until it is told to stop. */
export const noWait = (ms: number, signal: AbortSignal): Promise<void> =>
  ms <= 60_000
    ? Promise.resolve()
    : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

/** The real SDK against a server of our own; waits between tries take no time. */
export const modelAt = (url: string): Model =>
  anthropicModel({ model: 'claude-test', apiKey: 'a-key', baseUrl: url, wait: noWait });

export function testRunner(options: { model: Model; tools?: readonly Tool[]; parts?: Parts }): TestRunner {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'errand-runner-')));
  const folder = join(home, '.errand');
  const rules: { roots: string[]; scripts: Script[] } = { roots: [], scripts: [] };
  let ahead = 0;
  let model = options.model;
  let journal = openJournal({ folder, now });
  let runner = start();

  function now(): number {
    return Date.now() + ahead;
  }
  function start(): Runner {
    return createRunner({
      journal,
      model: () => model,
      tools: options.tools ?? tools,
      rules: (): Rules => ({ v: 1, sensitive: [], ...rules }),
      desk: { platform: process.platform, home, own: [folder], run: newId() },
      runCommand: spawnCommand({ PATH: process.env['PATH'] ?? '/usr/bin:/bin' }),
      apart: spawnApart({ bun: process.execPath, env: {} }),
      parts: options.parts ?? {
        put: () => Promise.reject(new Error('no relay')),
        get: () => Promise.reject(new Error('no relay')),
      },
      failpoint: () => undefined,
      wait: noWait,
      width: 1,
      setTimer: (run, ms) => {
        const timer = setTimeout(run, Math.min(ms, 50));
        return () => clearTimeout(timer);
      },
      onBusy: () => undefined,
    });
  }
  const record = (t: string): TaskRecord => {
    const found = readTask(journal, t);
    if (!found) throw new Error(`no task ${t}`);
    return found;
  };
  const happenings = (t: string): Happening[] =>
    journal.db
      .query<{ json: string }, { t: string }>('select json from event where task = $t order by i')
      .all({ t })
      .map(({ json }) => eventSchema.parse(JSON.parse(json)).what);
  return {
    home,
    rules,
    journal: () => journal,
    put: (path, content) => {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    read: (path) => readFileSync(join(home, path)),
    later: (ms) => {
      ahead += ms;
    },
    task: (text, more = {}) => {
      const id = newId();
      addTask(journal, { id, task: someTask(text, more), from: DESK });
      return id;
    },
    happenings,
    record,
    reaches: (t, is) =>
      until(
        () => record(t),
        ({ state }) => state.is === is || (state.is === 'ended' && is !== 'ended' && fail(t, state, is)),
      ),
    result: (t) => {
      const found = happenings(t).find((what) => what.kind === 'result');
      if (found?.kind !== 'result') throw new Error(`task ${t} has no result`);
      return found;
    },
    kick: () => runner.kick(),
    restart: async ({ park = 'restarted', model: next } = {}) => {
      await runner.stop(park);
      journal.close();
      model = next ?? model;
      journal = openJournal({ folder, now });
      runner = start();
    },
    clear: async () => {
      await runner.stop('restarted');
      journal.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function fail(t: string, state: TaskRecord['state'], wanted: string): never {
  throw new Error(`task ${t} ended (${JSON.stringify(state)}) before it was ${wanted}`);
}
