import { posix, win32 } from 'node:path';

export type Platform = NodeJS.Platform;

/** Code points that file systems or readers drop when they compare names (the hole behind CVE-2014-9390). */
const IGNORED = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * Folds one name the way the most forgiving file system would, for lists that deny: too much equal is safe, too little is not.
 * FAT and NTFS drop dots and spaces at the end.
 */
export const foldHard = (name: string): string =>
  name
    .replace(IGNORED, '')
    .replace(/[. ]+$/, '')
    .normalize('NFD')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFC');

/** Folds a path for lists that allow: only what this system itself takes for the same name. */
export const foldSoft = (text: string, platform: Platform): string => {
  const composed = text.normalize('NFC');
  return platform === 'darwin' || platform === 'win32' ? composed.toLowerCase() : composed;
};

/** The names on a path. A drive letter is a name. */
export const partsOf = (path: string, platform: Platform): readonly string[] =>
  path.split(platform === 'win32' ? /[/\\]/ : '/').filter((part) => part !== '');

/** Whether `path` is `folder` or lies below it. Both are real paths. */
export function isWithin(path: string, folder: string, platform: Platform): boolean {
  const inner = partsOf(foldSoft(path, platform), platform);
  return partsOf(foldSoft(folder, platform), platform).every((part, index) => inner[index] === part);
}

const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)/i;

function windowsProblem(path: string, names: readonly string[]): string | null {
  if (/^[/\\]{2}/.test(path)) return 'network and device paths are refused';
  const [drive, ...rest] = names;
  if (drive !== undefined && !/^[a-z]:$/i.test(drive)) return 'a path must begin with a drive letter';
  if (rest.some((name) => /[:<>"|?*]/.test(name)))
    return 'a name holds a character that Windows gives a second meaning';
  if (rest.some((name) => DEVICE.test(name))) return 'a name is that of a device';
  if (rest.some((name) => /[. ]$/.test(name))) return 'a name ends in a dot or a space, which Windows drops';
  if (rest.some((name) => /~\d/.test(name))) return 'a short 8.3 name can stand for another file; give the long name';
  return null;
}

/** Why these names are refused before anything is opened, or null. */
function nameProblem(path: string, platform: Platform): string | null {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'a name holds a control character';
  return platform === 'win32' ? windowsProblem(path, partsOf(path, platform)) : null;
}

export type Spelled = { ok: true; path: string } | { ok: false; why: string };

/** A path as somebody wrote it, made absolute and normal: `~` and relative paths lie below `home`. Touches no disk. */
export function spell(written: string, home: string, platform: Platform): Spelled {
  const paths = platform === 'win32' ? win32 : posix;
  const below = /^~(?=$|[/\\])/.test(written) ? `.${written.slice(1)}` : written;
  const path = paths.resolve(home, below);
  const why = nameProblem(path, platform) ?? (written === '' ? 'the path is empty' : null);
  return why === null ? { ok: true, path } : { ok: false, why };
}
