import { chownSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getuid, platform } from 'node:process';

/** How to start PostgreSQL's programs, which refuse to run as root. */
export type RunAs = {
  /** Goes before the program and its arguments. */
  prefix: readonly string[];
  /** The owner, as this process sees it, that the program takes for itself. */
  uid: number | undefined;
};

const nobody = 65534;

// A user namespace is the first choice: the files stay root's, and nothing has to be readable to others.
// Where containers forbid it, a real other user reaches a root-only home by one ambient capability.
const asRoot: readonly RunAs[] = [
  { prefix: ['unshare', '-U', '--map-user=1000', '--map-group=1000'], uid: 0 },
  {
    prefix: [
      'setpriv',
      `--reuid=${nobody}`,
      `--regid=${nobody}`,
      '--clear-groups',
      '--inh-caps=+dac_override',
      '--ambient-caps=+dac_override',
    ],
    uid: nobody,
  },
];

// By doing it: test(1) knows nothing of capabilities.
const tryOut = '"$1" --version && : >"$0/writable" && rm "$0/writable"';

/** `home` is where it has to write, `program` what it has to run: both may lie in another user's private folder. */
export function chooseRunAs({ home, program }: { home: string; program: string }): RunAs {
  const plain = { prefix: [], uid: getuid?.() };
  if (platform === 'win32' || plain.uid !== 0) return plain;
  const working = asRoot.find(({ prefix }) => runs([...prefix, '/bin/sh', '-c', tryOut, home, program]));
  if (working) return working;
  throw new Error(
    'PostgreSQL does not run as root, and neither unshare nor setpriv (util-linux) could lower its rights here. ' +
      'Start Errand as an ordinary user, or set DATABASE_URL to another PostgreSQL.',
  );
}

function runs(command: string[]): boolean {
  try {
    return Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0;
  } catch {
    return false;
  }
}

/** Gives a folder and all in it to `uid`, if it is not that owner's yet. PostgreSQL insists on owning its data. */
export function giveTo(uid: number | undefined, folder: string): void {
  if (uid === undefined || lstatSync(folder).uid === uid) return;
  for (const entry of readdirSync(folder, { recursive: true })) chownEntry(uid, join(folder, String(entry)));
  chownSync(folder, uid, uid);
}

function chownEntry(uid: number, path: string): void {
  if (!lstatSync(path).isSymbolicLink()) chownSync(path, uid, uid);
}
