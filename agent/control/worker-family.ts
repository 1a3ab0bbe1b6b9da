import type { Process } from './processes.ts';

export type FamilyQuestion = {
  all: readonly Process[];
  worker: number;
  /** the supervisor: what its worker's dead children leave behind becomes its child, where the system has subreapers */
  mine: number;
};

function withDescendants(all: readonly Process[], roots: ReadonlySet<number>): Set<number> {
  const family = new Set(roots);
  let grown = true;
  while (grown) {
    const before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
    grown = family.size > before;
  }
  return family;
}

/**
 * The worker with everything it started: its session, its descendants, and the orphans that were given to the supervisor. The
 * supervisor's own helpers live in its own session and are never among them, because the worker is started in a session of its own.
 */
export function workerFamily({ all, worker, mine }: FamilyQuestion): Process[] {
  const mySession = all.find(({ pid }) => pid === mine)?.session;
  const isRoot = ({ pid, parent, session }: Process) =>
    pid === worker || session === worker || (parent === mine && session !== mySession);
  const family = withDescendants(all, new Set(all.filter(isRoot).map(({ pid }) => pid)));
  return all.filter(({ pid }) => family.has(pid) && pid !== mine);
}
