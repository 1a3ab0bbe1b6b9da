import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

/*
 * A machine's network of its own, for root and for ordinary users: two network namespaces inside one user namespace, with a cable
 * between them. In the far one works who is being tested; the near one leads out through a socket in the file system, which
 * namespaces share, to whatever listens there.
 */

const NEAR = '10.77.0.1';
const FAR = '10.77.0.2';
const PORT = 4747;

export interface Network {
  /** Goes before a command that shall run in the far namespace. */
  readonly inside: readonly string[];
  /** Where the far namespace finds what listens at the socket. */
  readonly url: string;
  /** Pulls the cable, and puts it in again. Nobody is told: connections stay half open. */
  setUp(up: boolean): void;
  end(): Promise<void>;
}

/** Throws where the system gives no namespaces. */
export async function ownNetwork(socket: string): Promise<Network> {
  const near = await holder(['unshare', '--user', '--map-root-user', '--net']);
  const enter = (pid: number): string[] => ['nsenter', '--preserve-credentials', '-U', '-n', '-t', String(pid)];
  const far = await holder([...enter(near.pid), 'unshare', '--net']);
  const ip = (pid: number, ...args: string[]): void => run([...enter(pid), 'ip', ...args]);
  ip(near.pid, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(far.pid));
  for (const [pid, address] of [
    [near.pid, NEAR],
    [far.pid, FAR],
  ] as const) {
    ip(pid, 'addr', 'add', `${address}/24`, 'dev', 'cable');
    ip(pid, 'link', 'set', 'cable', 'up');
  }
  const forward = join(import.meta.dirname, 'netns-forward.ts');
  const forwarder = await holder([...enter(near.pid), process.execPath, forward, NEAR, String(PORT), socket], false);
  return {
    inside: enter(far.pid),
    url: `http://${NEAR}:${PORT}`,
    setUp: (up) => ip(near.pid, 'link', 'set', 'cable', up ? 'up' : 'down'),
    end: async () => {
      for (const { child } of [forwarder, far, near]) await ended(child);
    },
  };
}

const REFUSED =
  'This system gives no user and network namespaces to this user (unshare --user --net), and without them it cannot be tested that errands wait for a desktop without a network. Allow them (sysctl kernel.unprivileged_userns_clone=1, or apparmor_restrict_unprivileged_userns=0), or run the tests as root.';

/** A process that holds namespaces open until it is ended; `program` says that it is ready itself. */
async function holder(command: readonly string[], holds = true): Promise<{ pid: number; child: ChildProcess }> {
  const rest = holds ? ['sh', '-c', 'ip link set lo up && echo ready && exec cat'] : [];
  const [name = '', ...args] = [...command, ...rest];
  const child = spawn(name, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ready = await new Promise<boolean>((resolve) => {
    child.stdout.once('data', () => resolve(true));
    child.once('exit', () => resolve(false));
    child.once('error', () => resolve(false));
  });
  if (!ready || child.pid === undefined) throw new Error(REFUSED);
  return { pid: child.pid, child };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

function run([name = '', ...args]: readonly string[]): void {
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[name, ...args].join(' ')}: ${stderr}`);
}
