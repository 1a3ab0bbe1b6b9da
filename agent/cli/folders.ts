import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Desk } from './command.ts';

/** The folder that Errand makes for the owner. */
const OWN = 'Errand';

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** On Linux these folders have the names of the owner's language (xdg-user-dirs). */
function named(xdg: string, key: string, otherwise: string): string {
  return new RegExp(`^XDG_${key}_DIR="\\$HOME/([^"]+)"`, 'm').exec(xdg)?.[1] ?? otherwise;
}

/** Folders a task may read without asking, as a first proposal: what is there of Documents, Desktop and Downloads. */
export function proposedRoots({ home }: Pick<Desk, 'home'>): string[] {
  const xdg = readOr(join(home, '.config', 'user-dirs.dirs'));
  const usual = [
    named(xdg, 'DOCUMENTS', 'Documents'),
    named(xdg, 'DESKTOP', 'Desktop'),
    named(xdg, 'DOWNLOAD', 'Downloads'),
  ];
  return [...usual.filter((name) => existsSync(join(home, name))), OWN].map((name) => `~/${name}`);
}

/** Three PDFs for the first errand. Copied once: what the owner deletes from the folder stays deleted. */
export function copySamples({ root, home }: Pick<Desk, 'root' | 'home'>): void {
  const target = join(home, OWN, 'sample');
  if (existsSync(target)) return;
  mkdirSync(target, { recursive: true });
  cpSync(join(root, 'agent', 'sample'), target, { recursive: true, filter: (path) => !path.endsWith('.ts') });
}
