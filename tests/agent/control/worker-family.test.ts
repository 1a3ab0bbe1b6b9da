import { afterEach, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endFamily, type ProcessControl } from '../../../agent/control/end-family.ts';
import { endLeftovers, writeRecord } from '../../../agent/control/leftovers.ts';
import { listProcesses, type Process } from '../../../agent/control/processes.ts';
import { workerFamily } from '../../../agent/control/worker-family.ts';

const some = (pid: number, parent: number, session: number, changed: Partial<Process> = {}): Process => ({
  pid,
  parent,
  session,
  zombie: false,
  started: String(pid * 10),
  ...changed,
});

/** 10 is the supervisor, with its helper 11; 20 is its worker. */
const ALL = [
  some(1, 0, 1),
  some(10, 1, 10),
  some(11, 10, 10),
  some(20, 10, 20),
  some(21, 20, 20),
  some(22, 1, 20),
  some(23, 21, 23),
  some(30, 10, 30),
  some(31, 30, 31),
  some(40, 1, 40),
];

const pidsOf = (processes: readonly Process[]) => processes.map(({ pid }) => pid);

test('the family is the session, the descendants, and the orphans given to the supervisor', () => {
  expect(pidsOf(workerFamily({ all: ALL, worker: 20, mine: 10 }))).toEqual([20, 21, 22, 23, 30, 31]);
});

test("the supervisor's own helpers are not of the family", () => {
  expect(pidsOf(workerFamily({ all: ALL, worker: 20, mine: 10 }))).not.toContain(11);
});

test('the process table is read as the kernel has it', () => {
  const mine = listProcesses('linux').find(({ pid }) => pid === process.pid);
  expect(mine).toMatchObject({ parent: process.ppid, zombie: false });
  expect(Number(mine?.started)).toBeGreaterThan(0);
});

/** Processes that exist on paper only; a killed one is a zombie until it is reaped. */
function paper(all: Process[]): ProcessControl & { killed: number[]; reaped: number[]; left: () => Process[] } {
  let now = all;
  const killed: number[] = [];
  const reaped: number[] = [];
  return {
    killed,
    reaped,
    left: () => now,
    mine: 10,
    list: () => now,
    kill(pid) {
      killed.push(pid);
      now = now.map((process) => (process.pid === pid ? { ...process, zombie: true, parent: 10 } : process));
    },
    reap(pid) {
      reaped.push(pid);
      now = now.filter((process) => process.pid !== pid);
    },
    sleep: () => Promise.resolve(),
  };
}

test('ending a family kills all of it, reaps the orphans, and leaves the worker itself to the runtime', async () => {
  const processes = paper(ALL);
  await endFamily(20, processes);
  expect(new Set(processes.killed)).toEqual(new Set([20, 21, 22, 23, 30, 31]));
  expect(new Set(processes.reaped)).toEqual(new Set([21, 22, 23, 30, 31]));
  expect(pidsOf(processes.left().filter(({ zombie }) => !zombie))).toEqual([1, 10, 11, 40]);
});

const folder = mkdtempSync(join(tmpdir(), 'errand-leftovers-'));
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(join(folder, 'worker.json'), { force: true });
});

const record = (pid: number, started: string) =>
  writeRecord(join(folder, 'worker.json'), { run: 'run-7', pid, started });

test('a process number that came back belongs to somebody else and is left alone', async () => {
  const processes = paper([...ALL, some(50, 1, 50)]);
  record(50, 'another time');
  await endLeftovers(join(folder, 'worker.json'), { ...processes, environmentOf: () => [] });
  expect(processes.killed).toEqual([]);
});

test('what the killed run started is found by its session and by its environment', async () => {
  const left = [some(50, 1, 50), some(51, 1, 50), some(60, 1, 60), some(61, 60, 60)];
  const processes = paper([some(1, 0, 1), some(10, 1, 10), some(40, 1, 40), ...left]);
  record(50, '500');
  const environmentOf = (pid: number) => (pid === 60 ? ['HOME=/root', 'ERRAND_RUN=run-7'] : []);
  await endLeftovers(join(folder, 'worker.json'), { ...processes, environmentOf });
  expect(new Set(processes.killed)).toEqual(new Set([50, 51, 60, 61]));
});

test('without a record there is nothing to end', async () => {
  const processes = paper(ALL);
  await endLeftovers(join(folder, 'worker.json'), { ...processes, environmentOf: () => ['ERRAND_RUN=run-7'] });
  expect(processes.killed).toEqual([]);
});

test('a real child in a session of its own is told from its starter', () => {
  const child = spawn('sleep', ['86424'], { detached: true, stdio: 'ignore' });
  children.push(child);
  const found = listProcesses('linux').find(({ pid }) => pid === child.pid);
  expect(found).toMatchObject({ parent: process.pid, session: child.pid });
});
