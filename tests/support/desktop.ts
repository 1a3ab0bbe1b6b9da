import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TOTP } from 'otpauth';
import { connectControl } from '../../agent/control/control-client.ts';
import { bunPhone } from '../../mobile/terminal/bun-phone.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import type { PhoneView, TaskView } from '../../mobile/state/view.ts';
import { until } from './until.ts';

const main = join(import.meta.dirname, '..', '..', 'agent', 'main.ts');

export interface Terminal {
  /** Resolves with what `pattern` captured once it was printed. */
  hears(pattern: RegExp): Promise<string>;
  press(key: string): void;
  /** Ctrl-C, and its end. */
  end(): Promise<void>;
}

/** A person's desktop with an empty home, on which `errand start` runs for real, its terminal in our hands. */
export interface Desktop {
  readonly home: string;
  readonly data: string;
  /** Starts it, or starts it again; resolves once the app's address was printed. */
  start(env?: Record<string, string>): Promise<void>;
  /** All that `start` printed so far. */
  said(): string;
  /** Resolves with what `pattern` captured once it was printed. */
  hears(pattern: RegExp): Promise<string>;
  press(key: string): void;
  /** Another command of the CLI, to its end. */
  errand(...args: string[]): Promise<{ status: number | null; said: string }>;
  /** Another command of the CLI that goes on until it is ended, its terminal in our hands. */
  open(...args: string[]): Terminal;
  put(path: string, content: string | Uint8Array): string;
  path(path: string): string;
  pids(): Promise<{ supervisor: number; worker: number | null; stack: number }>;
  /** Ends everything that runs on this home. */
  quit(): Promise<void>;
  /** Quits and removes the home. */
  clear(): Promise<void>;
}

function terminalOf(child: ChildProcess): Terminal {
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    hears: async (pattern) => {
      await until(
        () => said,
        (text) => pattern.test(text) || isOver(),
      );
      const found = pattern.exec(said);
      if (!found) throw new Error(`it ended without saying ${pattern}:\n${said}`);
      return found[1] ?? found[0];
    },
    press: (key) => void child.stdin?.write(key),
    end: async () => {
      if (isOver()) return;
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGINT');
      await closed;
    },
  };
}

export function newDesktop(fixed: Record<string, string> = {}): Desktop {
  const home = mkdtempSync(join(tmpdir(), 'errand-home-'));
  const data = join(home, '.errand');
  let terminal: ChildProcess | undefined;
  let said = '';
  let env: Record<string, string> = {};

  const environment = (): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: home,
    ERRAND_KEYRING: 'file',
    NO_PROXY: '127.0.0.1,localhost',
    ...fixed,
    ...env,
  });
  const run = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [main, ...args], { env: environment(), cwd: home, stdio: ['pipe', 'pipe', 'pipe'] });

  async function errand(...args: string[]): Promise<{ status: number | null; said: string }> {
    const child = run(args);
    let words = '';
    child.stdout?.on('data', (chunk: Buffer) => (words += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (words += chunk.toString()));
    child.stdin?.end();
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { status, said: words };
  }
  async function ended(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once('close', resolve));
  }
  const desktop: Desktop = {
    home,
    data,
    start: async (more = {}) => {
      env = more;
      said = '';
      // A port of its own: several desktops may run at once.
      terminal = run(['start', '--port', '0']);
      terminal.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      terminal.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await desktop.hears(/Ctrl-C (.*)/);
    },
    said: () => said,
    hears: async (pattern) => {
      const child = terminal;
      await until(
        () => said,
        (text) => pattern.test(text) || child?.exitCode !== null || child.signalCode !== null,
      );
      const found = pattern.exec(said);
      if (!found) throw new Error(`start ended without saying ${pattern}:\n${said}`);
      return found[1] ?? found[0];
    },
    press: (key) => void terminal?.stdin?.write(key),
    errand,
    open: (...args) => terminalOf(run(args)),
    put: (path, content) => {
      const file = join(home, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    path: (path) => join(home, path),
    pids: async () => {
      const agent = await connectControl(join(data, 'control.sock'));
      const reply = await agent?.call({ do: 'status' });
      agent?.close();
      if (reply?.is !== 'status') throw new Error('the supervisor did not answer');
      const { pid: stack } = JSON.parse(readFileSync(join(data, 'stack', 'running.json'), 'utf8')) as { pid: number };
      return { ...reply.status.pids, stack };
    },
    quit: async () => {
      await errand('quit');
      if (terminal) await ended(terminal);
    },
    clear: async () => {
      await desktop.quit();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return desktop;
}

/** The address of the app that `start` printed. */
export const appOf = (desktop: Desktop): Promise<string> => desktop.hears(/App\s+(http\S+)/);
/** The first-start link that `start` printed. */
export const linkOf = (desktop: Desktop): Promise<string> => desktop.hears(/(http\S+\/pair#\S+)/);

/** A phone without a screen, on the app's own code, with its data in the desktop's home. */
export async function phoneFor(desktop: Desktop, name = 'Pixel 8'): Promise<Phone> {
  const folder = join(desktop.home, `phone-${name.replaceAll(' ', '-')}`);
  const phone = bunPhone({ folder, relayUrl: await appOf(desktop), name });
  await phone.start();
  return phone;
}

export const PASSWORD = 'correct horse battery staple';
export const EMAIL = 'owner@example.org';

/** The code that an authenticator shows now for this key. */
export const codeFor = (secret: string, timestamp = Date.now()): string => new TOTP({ secret }).generate({ timestamp });

/** Signs a phone up, pairs it by `link`, and presses the key at the desk. Resolves with the factor's secret. */
export async function signUpAndPair(desktop: Desktop, phone: Phone, link?: string): Promise<string> {
  await phone.account.signUp({ email: EMAIL, password: PASSWORD });
  const { secret, factorId } = await phone.account.enrol();
  await phone.account.verify(codeFor(secret), factorId);
  await pairWith(desktop, phone, link ?? (await linkOf(desktop)));
  return secret;
}

export async function pairWith(desktop: Desktop, phone: Phone, link: string): Promise<void> {
  const opened = phone.pairing.open(link);
  const digits = await viewWith(phone, ({ pairing }) => (pairing.is === 'compare' ? pairing.digits : undefined));
  await desktop.hears(new RegExp(digits));
  desktop.press('a');
  await opened;
  await viewWith(phone, ({ desktops }) => desktops.find(({ seen }) => seen));
}

/** Resolves with the first view, now or later, of which `pick` makes something. */
export async function viewWith<T>(phone: Phone, pick: (view: PhoneView) => T | undefined): Promise<T> {
  const found = await until(
    () => pick(phone.view()),
    (value) => value !== undefined,
  );
  if (found === undefined) throw new Error('unreachable');
  return found;
}

export const taskOf = (view: PhoneView, id: string): TaskView | undefined =>
  view.threads.flatMap(({ tasks }) => tasks).find((task) => task.id === id);

/** Resolves with the task once it ended, with whatever fate. */
export const endOf = (phone: Phone, id: string): Promise<TaskView> =>
  viewWith(phone, (view) => {
    const task = taskOf(view, id);
    return task?.standing.is === 'ended' ? task : undefined;
  });

/** kill -9. Never of nobody: pid 0 would be the test's own process group. */
export function killNow(pid: number | null): void {
  if (pid === null || !(pid > 1)) throw new Error(`no process to kill: ${pid}`);
  process.kill(pid, 'SIGKILL');
}
