import * as z from 'zod/mini';
import { foldHard, isWithin, partsOf, type Platform } from './names.ts';
import { covers, namePattern, pathPattern } from './pattern.ts';
import baitJson from './data/bait.json' with { type: 'json' };

export const baitList = z
  .object({ version: z.int(), names: z.array(z.string()), paths: z.array(z.string()) })
  .parse(baitJson);

const PLAIN_TYPES = new Set(['md', 'txt', 'csv', 'json', 'pdf', 'docx', 'xlsx', 'pptx', 'png', 'jpg']);

const baitNames = baitList.names.map(namePattern);

/** Whether the name is of a kind that nothing runs: only these are written without a question. */
export const isPlainType = (path: string): boolean =>
  PLAIN_TYPES.has(/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '');

/** Whether another program runs or obeys a file of this name or in this place. Names above the home folder do not count. */
export function isBait(path: string, home: string, platform: Platform): boolean {
  const parts = partsOf(path, platform).map(foldHard);
  const own = isWithin(path, home, platform) ? parts.slice(partsOf(home, platform).length) : parts;
  if (own.some((name) => baitNames.some((bait) => bait.test(name)))) return true;
  return baitList.paths.some((entry) =>
    covers(pathPattern(entry.replace(/^~/, () => home).replaceAll('\\', '/')), parts),
  );
}
