import { linkedFrom } from './hard-link.ts';
import type { Held } from './locate.ts';
import { HEAD_BYTES, isPrivateKey } from './private-key.ts';
import type { Surroundings } from './surroundings.ts';
import { readThrough } from './through.ts';

/** Whether an open file or folder is on the sensitive list: by its real name, by another name of the same file, or by content. */
export async function isGuarded(held: Held, { sensitive, desk }: Surroundings): Promise<boolean> {
  if (sensitive.guard(held.path, held.kind === 'folder') !== null) return true;
  if (held.kind === 'folder') return false;
  if (held.linked !== 'no' && (await linkedFrom(held, sensitive.places, desk.home)) !== null) return true;
  return isPrivateKey(held.path, await readThrough(held.handle, { start: 0, end: HEAD_BYTES }));
}
