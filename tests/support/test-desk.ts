import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Desk } from '../../agent/cli/command.ts';

export type TestDesk = Desk & {
  /** what was said, one entry for each call */
  said: string[];
  /** types on the keyboard */
  type: (text: string) => void;
  /** Ctrl-C */
  interrupt: () => void;
  clear: () => void;
};

const root = join(import.meta.dirname, '..', '..');

/** A desk with a home folder of its own; nothing answers its requests unless a test says so. */
export function testDesk(changed: Partial<Desk> = {}): TestDesk {
  const home = mkdtempSync(join(tmpdir(), 'errand-home-'));
  const input = new PassThrough();
  const said: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  mkdirSync(join(home, '.errand'), { mode: 0o700 });
  return {
    root,
    data: join(home, '.errand'),
    home,
    cwd: home,
    env: { PATH: process.env.PATH, HOME: home, ERRAND_WORKER: join(import.meta.dirname, 'fake-worker.ts') },
    platform: process.platform,
    hostname: 'Studio-PC',
    bun: process.execPath,
    input,
    say: (text) => void said.push(text),
    fetch: () => Promise.reject(new Error('nobody answers')),
    signal: (pid, signal) => void process.kill(pid, signal),
    interrupted: promise,
    said,
    type: (text) => void input.write(text),
    interrupt: resolve,
    clear: () => rmSync(home, { recursive: true, force: true }),
    ...changed,
  };
}
