import type { Grant } from '../../edge/protocol/grant.ts';
import { grantsInWords } from '../../edge/protocol/words.ts';
import type { ThreadView } from './view.ts';

export const grantKey = (grant: Grant): string => (grant.do === 'script' ? `script ${grant.name}` : grant.path);

/** What the person did to the chips by hand. It outlives every further word that is typed. */
export interface Edits {
  /** Keys of chips taken away or changed into another one. */
  readonly removed: ReadonlySet<string>;
  readonly added: readonly Grant[];
}
export const NO_EDITS: Edits = { removed: new Set(), added: [] };

/** The chips: what earlier tasks of the thread may still touch, what the words name, and what was set by hand (which wins). */
export function chips(options: { text: string; thread: ThreadView | undefined; edits: Edits }): readonly Grant[] {
  const { text, thread, edits } = options;
  const found = new Map<string, Grant>();
  for (const grant of [...carriedGrants(thread), ...grantsInWords(text)]) {
    const key = grantKey(grant);
    const earlier = found.get(key);
    // What an earlier task wrote may be read and replaced: naming it again must not take that away.
    if (earlier?.do !== 'write' || grant.do === 'write') found.set(key, merged(earlier, grant));
  }
  for (const key of edits.removed) found.delete(key);
  for (const grant of edits.added) found.set(grantKey(grant), grant);
  return [...found.values()];
}

function merged(earlier: Grant | undefined, grant: Grant): Grant {
  const replaces = earlier?.do === 'write' && earlier.replace;
  return grant.do === 'write' ? { ...grant, replace: grant.replace || replaces } : grant;
}

/** A follow-up is about what the thread made: its results may be replaced, its sources read again. */
function carriedGrants(thread: ThreadView | undefined): readonly Grant[] {
  const grants = (thread?.tasks ?? []).flatMap((task) => task.grants);
  return grants.flatMap((grant): Grant[] => {
    if (grant.do === 'script') return [];
    return [grant.do === 'write' ? { ...grant, replace: true } : grant];
  });
}

export const withGrant = (edits: Edits, before: Grant | undefined, grant: Grant): Edits => {
  const gone = before && grantKey(before);
  const kept = edits.added.filter((known) => grantKey(known) !== gone && grantKey(known) !== grantKey(grant));
  const removed = new Set(edits.removed);
  if (gone !== undefined) removed.add(gone);
  removed.delete(grantKey(grant));
  return { removed, added: [...kept, grant] };
};

export const withoutGrant = (edits: Edits, grant: Grant): Edits => ({
  removed: new Set([...edits.removed, grantKey(grant)]),
  added: edits.added.filter((known) => grantKey(known) !== grantKey(grant)),
});
