import type { Facts } from './decide.ts';
import { isGuarded } from './guarded.ts';
import { locate, type Held } from './locate.ts';
import { spell } from './names.ts';
import { openFolder } from './open-folder.ts';
import type { Opened } from './opened.ts';
import type { Surroundings } from './surroundings.ts';
import type { Taint } from './taint.ts';
import { readThrough, stateOf } from './through.ts';
import type { Weighed } from './weighed.ts';

const OTHERS_NAMES: Taint = { untrusted: true, private: false };
const OTHERS_CONTENT: Taint = { untrusted: true, private: true };

/** Only what this task wrote itself, and nobody changed since, is as clean as the task was then. */
async function taintOf(held: Held, { task }: Surroundings): Promise<Taint> {
  if (held.kind === 'folder') return OTHERS_NAMES;
  const written = task.wrote.get(held.path);
  if (written === undefined) return OTHERS_CONTENT;
  return (await stateOf(held.handle)).sha256 === written.sha256 ? written.taint : OTHERS_CONTENT;
}

function open(held: Held, taint: Taint, { sensitive, desk }: Surroundings): Opened {
  if (held.kind === 'folder') return openFolder(held, taint, { sensitive, platform: desk.platform });
  const size = Number(held.stat.size);
  return {
    sink: 'read',
    kind: 'file',
    path: held.path,
    size,
    taint,
    read: (range = { start: 0, end: size }) => readThrough(held.handle, { ...range, end: Math.min(range.end, size) }),
  };
}

async function weighHeld(held: Held, facts: Facts, surroundings: Surroundings): Promise<Weighed> {
  const { path } = held;
  const guarded = facts.place !== 'workspace' && (await isGuarded(held, surroundings));
  const taint = await taintOf(held, surroundings);
  return {
    kind: 'ready',
    facts: { ...facts, sensitive: guarded },
    act: { sink: 'read', path },
    subject: path,
    taint,
    open: () => open(held, taint, surroundings),
    close: () => held.handle.close(),
  };
}

/** Must not throw. */
export async function weighRead(written: string, surroundings: Surroundings): Promise<Weighed> {
  const { desk, authority, sensitive } = surroundings;
  const spelled = spell(written, desk.home, desk.platform);
  if (!spelled.ok) return { kind: 'bad', why: `The path ${JSON.stringify(written)} was refused: ${spelled.why}.` };
  const subject = spelled.path;
  const asSpelled: Facts = { sink: 'read', place: authority.readPlace(subject) };
  if (asSpelled.place !== 'workspace' && sensitive.guard(subject, true) !== null) {
    return { kind: 'blocked', facts: { ...asSpelled, sensitive: true }, subject, why: 'Guarded.' };
  }
  const found = await locate(subject, desk.platform);
  if (found.kind === 'refused') return { kind: 'blocked', facts: asSpelled, subject, why: `${subject}: ${found.why}` };
  const facts: Facts = { sink: 'read', place: authority.readPlace(found.path) };
  if (found.kind !== 'missing') {
    try {
      return await weighHeld(found, facts, surroundings);
    } catch {
      await found.handle.close();
      return { kind: 'blocked', facts, subject, why: `${subject} could not be read. It may have just been changed.` };
    }
  }
  await found.above.handle.close();
  const guarded = facts.place !== 'workspace' && sensitive.guard(found.path, false) !== null;
  const why = `There is no ${found.path}. List ${found.above.path} to see what is there.`;
  return { kind: 'blocked', facts: { ...facts, sensitive: guarded }, subject: found.path, why };
}
