import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { env, platform } from 'node:process';

export type Launched = { exited: Promise<number>; end: () => void };

type Launch = {
  /** The program with its prefix and arguments. */
  command: readonly string[];
  data: string;
  logFile: string;
  /** Removed once the server has ended, however its starter ended. */
  removeAfter?: string | undefined;
};

// The server lives exactly as long as the stack: the shell holds the reading end of a pipe that nobody ever
// writes to, and the kernel closes it when the stack ends, even by SIGKILL. Then SIGINT ends the server in order;
// it is repeated, because a server that is only just starting still ignores it.
const script = `
clean() { [ -z "$REMOVE_AFTER" ] || rm -rf "$REMOVE_AFTER"; }
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r _ <&3; while kill -INT "$server" 2>/dev/null; do sleep 1; done; clean; } &
watcher=$!
exec 3<&-
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
clean
exit "$code"
`;

export function launch({ command, data, logFile, removeAfter }: Launch): Launched {
  const log = openSync(logFile, existsSync(logFile) && statSync(logFile).size > 1_000_000 ? 'w' : 'a', 0o600);
  try {
    return platform === 'win32' ? launchOnWindows(command, data, log) : launchInShell(command, log, removeAfter);
  } finally {
    closeSync(log);
  }
}

function launchInShell(command: readonly string[], log: number, removeAfter: string | undefined): Launched {
  const server = Bun.spawn(['/bin/sh', '-c', script, 'postgres', ...command], {
    stdin: 'pipe',
    stdout: log,
    stderr: log,
    env: { ...bareEnvironment(), REMOVE_AFTER: removeAfter ?? '' },
    // A session of its own: Ctrl-C in the stack's terminal must reach the stack only, which then ends the server.
    detached: true,
  });
  server.unref();
  return { exited: server.exited, end: () => void server.stdin.end() };
}

function launchOnWindows(command: readonly string[], data: string, log: number): Launched {
  const server = Bun.spawn([...command], { stdin: 'ignore', stdout: log, stderr: log, env: bareEnvironment() });
  server.unref();
  const control = join(dirname(command[0] ?? ''), 'pg_ctl.exe');
  return { exited: server.exited, end: () => void Bun.spawnSync([control, 'stop', '-m', 'fast', '-D', data]) };
}

/** PostgreSQL reads PG* variables and the locale; nothing of the person's environment belongs in it. */
export function bareEnvironment(): Record<string, string> {
  return { PATH: env.PATH ?? '', LC_ALL: 'C', ...(env.SystemRoot === undefined ? {} : { SystemRoot: env.SystemRoot }) };
}
