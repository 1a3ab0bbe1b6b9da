import type { Grant } from '../../edge/protocol/grant.ts';
import type { Place } from './decide.ts';
import { realPlace } from './locate.ts';
import { isWithin, spell, type Platform } from './names.ts';

/** What the owner's signed words and the desk's rules allow, as real paths. */
export interface Authority {
  /** For reading: any grant of a path counts, for writing only a grant to write. */
  readPlace(path: string): Place;
  writePlace(path: string): Place;
  mayReplace(path: string): boolean;
}

interface RealGrant {
  readonly path: string;
  readonly write: boolean;
  readonly replace: boolean;
}

/**
 * Links on the granted paths are resolved now, by the owner's words: a granted folder that is a link covers what it leads to, and a
 * link inside a granted folder covers nothing. A path that cannot be resolved grants nothing.
 */
export async function authorityOf(options: {
  grants: readonly Grant[];
  roots: readonly string[];
  workspace: string | null;
  home: string;
  platform: Platform;
}): Promise<Authority> {
  const { home, platform } = options;
  const real = async (written: string): Promise<string | null> => {
    const spelled = spell(written, home, platform);
    return spelled.ok ? realPlace(spelled.path, platform) : null;
  };
  const grants: RealGrant[] = [];
  for (const grant of options.grants) {
    if (grant.do === 'script') continue;
    const path = await real(grant.path);
    const write = grant.do === 'write';
    if (path !== null) grants.push({ path, write, replace: write && grant.replace });
  }
  const roots = (await Promise.all(options.roots.map(real))).filter((path) => path !== null);
  const workspace = options.workspace === null ? null : await real(options.workspace);
  const covered = (path: string, by: readonly RealGrant[]): boolean =>
    by.some((grant) => isWithin(path, grant.path, platform));
  const placeBy = (path: string, by: readonly RealGrant[]): Place => {
    if (workspace !== null && isWithin(path, workspace, platform)) return 'workspace';
    if (covered(path, by)) return 'granted';
    return roots.some((root) => isWithin(path, root, platform)) ? 'roots' : 'elsewhere';
  };
  const writes = grants.filter((grant) => grant.write);
  return {
    readPlace: (path) => placeBy(path, grants),
    writePlace: (path) => placeBy(path, writes),
    mayReplace: (path) =>
      covered(
        path,
        writes.filter((grant) => grant.replace),
      ),
  };
}
