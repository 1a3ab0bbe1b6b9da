import { dirname } from 'node:path';
import { sha256B64u } from '../../edge/protocol/bytes.ts';
import type { Facts } from './decide.ts';
import { isGuarded } from './guarded.ts';
import type { Intent } from './intent.ts';
import { locate, type Held, type Located } from './locate.ts';
import { spell } from './names.ts';
import type { FileState } from './opened.ts';
import { MAX_REPLACED_BYTES, publish } from './publish.ts';
import type { Surroundings } from './surroundings.ts';
import { CLEAN } from './taint.ts';
import { stateOf } from './through.ts';
import type { Weighed } from './weighed.ts';
import { isBait, isPlainType } from './write-kind.ts';

type WriteIntent = Extract<Intent, { sink: 'write' }>;

/** Where a file is to go: the open folder, folders missing below it, and what is there now. */
interface Target {
  readonly path: string;
  readonly folder: Held;
  readonly newFolders: readonly string[];
  readonly before: FileState | null;
  readonly guarded: boolean;
}

const blocked = (subject: string, facts: Facts, why: string): Weighed => ({
  kind: 'blocked',
  facts,
  subject,
  why: `${subject}: ${why}`,
});

/** The target, or why there is none. Leaves only the target's folder open. */
async function aim(found: Exclude<Located, { kind: 'refused' }>, surroundings: Surroundings): Promise<Target | string> {
  const { sensitive, desk } = surroundings;
  const { path } = found;
  if (found.kind === 'missing') {
    const newFolders = found.rest.slice(0, -1);
    return { path, folder: found.above, newFolders, before: null, guarded: sensitive.guard(path, false) !== null };
  }
  try {
    if (found.kind === 'folder') return 'It is a folder. Name a file.';
    if (found.stat.size > BigInt(MAX_REPLACED_BYTES)) return 'It is too large to be replaced. Write to a new name.';
    const guarded = await isGuarded(found, surroundings);
    const before = await stateOf(found.handle);
    const folder = await locate(dirname(path), desk.platform);
    if (folder.kind === 'folder' && folder.path === dirname(path))
      return { path, folder, newFolders: [], before, guarded };
    if (folder.kind !== 'refused') await (folder.kind === 'missing' ? folder.above : folder).handle.close();
    return 'It keeps changing. Try again.';
  } catch {
    return 'What is there could not be read.';
  } finally {
    await found.handle.close();
  }
}

function factsOf(target: Target, after: FileState, { authority, task, desk }: Surroundings): Facts {
  const { path, before } = target;
  const place = authority.writePlace(path);
  // What the task itself wrote it may write again; so may a step that is done again after a crash.
  const own = before?.sha256 === after.sha256 || (before !== null && task.wrote.get(path)?.sha256 === before.sha256);
  const replace = own || authority.mayReplace(path) ? 'replace' : 'replace-ungranted';
  return {
    sink: 'write',
    place,
    sensitive: place !== 'workspace' && target.guarded,
    bait: isBait(path, desk.home, desk.platform),
    plain: isPlainType(path),
    change: before === null ? 'create' : replace,
  };
}

async function weighTarget(intent: WriteIntent, target: Target, surroundings: Surroundings): Promise<Weighed> {
  const { path, folder, newFolders, before } = target;
  const { content } = intent;
  const after = { sha256: await sha256B64u(content), size: content.length };
  const facts = factsOf(target, after, surroundings);
  if (newFolders.length > 0 && facts.place !== 'granted' && facts.place !== 'workspace') {
    await folder.handle.close();
    return blocked(
      path,
      facts,
      `There is no folder ${dirname(path)}, and folders are made only where the task may write.`,
    );
  }
  return {
    kind: 'ready',
    facts,
    act: { sink: 'write', path, before, after },
    subject: path,
    taint: CLEAN,
    open: () => ({
      sink: 'write',
      path,
      before,
      after,
      taint: CLEAN,
      commit: () => publish({ folder, newFolders, path, before, content }, surroundings.desk),
    }),
    close: () => folder.handle.close(),
  };
}

/** Must not throw. */
export async function weighWrite(intent: WriteIntent, surroundings: Surroundings): Promise<Weighed> {
  const { desk, authority, sensitive } = surroundings;
  const spelled = spell(intent.path, desk.home, desk.platform);
  if (!spelled.ok) return { kind: 'bad', why: `The path ${JSON.stringify(intent.path)} was refused: ${spelled.why}.` };
  const subject = spelled.path;
  const place = authority.writePlace(subject);
  const guarded = place !== 'workspace' && sensitive.guard(subject, true) !== null;
  const facts: Facts = { sink: 'write', place, sensitive: guarded };
  if (guarded) return blocked(subject, facts, 'Guarded.');
  const found = await locate(subject, desk.platform);
  if (found.kind === 'refused') return blocked(subject, facts, found.why);
  const target = await aim(found, surroundings);
  if (typeof target !== 'string') return weighTarget(intent, target, surroundings);
  const realPlace = authority.writePlace(found.path);
  return blocked(
    subject,
    { ...facts, place: realPlace, sensitive: sensitive.guard(found.path, true) !== null },
    target,
  );
}
