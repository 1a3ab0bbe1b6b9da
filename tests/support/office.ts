import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The words LibreOffice shows when it opens this document. Throws when it cannot. */
export function wordsIn(name: string, bytes: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'errand-office-'));
  try {
    const file = join(folder, name);
    writeFileSync(file, bytes);
    // A profile of its own: two runs on one profile, and one of them silently makes no file.
    const profile = `-env:UserInstallation=file://${folder}/profile`;
    const office = ['--headless', profile, '--convert-to', 'txt:Text (encoded):UTF8', '--outdir', folder, file];
    const { status, stderr } = spawnSync('/usr/bin/soffice', office, {
      env: { ...process.env, HOME: folder },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`LibreOffice: ${stderr}`);
    return readFileSync(file.replace(/\.[^.]+$/, '.txt'), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}
