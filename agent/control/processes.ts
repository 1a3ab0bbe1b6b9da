import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export type Process = {
  pid: number;
  parent: number;
  /** the session on Linux; the process group elsewhere, where `ps` does not tell the session */
  session: number;
  zombie: boolean;
  /** with the pid, names a process for ever: pids come back */
  started: string;
};

/** proc_pid_stat(5): the name in brackets may hold spaces and brackets, so fields are counted after the last one. */
function parseStat(stat: string): Process | undefined {
  const pid = Number.parseInt(stat, 10);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, , session] = fields;
  const started = fields[19];
  if (state === undefined || started === undefined) return undefined;
  return { pid, parent: Number(parent), session: Number(session), zombie: state === 'Z' || state === 'X', started };
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

function linuxProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => parseStat(readOr(`/proc/${pid}/stat`, '')) ?? []);
}

function psProcesses(): Process[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], { encoding: 'utf8' });
  return lines.split('\n').flatMap((line) => {
    const [pid, parent, group, state, ...started] = line.trim().split(/\s+/);
    if (pid === undefined || state === undefined) return [];
    return {
      pid: Number(pid),
      parent: Number(parent),
      session: Number(group),
      zombie: state.startsWith('Z'),
      started: started.join(' '),
    };
  });
}

/** All processes now. Windows has none of this to offer: there the list is empty. */
export function listProcesses(platform: string): Process[] {
  if (platform === 'win32') return [];
  return platform === 'linux' ? linuxProcesses() : psProcesses();
}

/** The environment a process was started with, where the system shows it (Linux, own processes). */
export function environmentOf(pid: number, platform: string): readonly string[] {
  return platform === 'linux' ? readOr(`/proc/${pid}/environ`, '').split('\0') : [];
}
