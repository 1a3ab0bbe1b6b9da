import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A disk of a few megabytes, seen only by the programs that are started in it. */
export interface SmallDisk {
  /** Comes before a command that shall see the disk. */
  readonly enter: readonly string[];
  /** Where a path that those programs see lies for everybody else. */
  readonly at: (path: string) => string;
  /** Until not a byte fits any more. */
  fill(): void;
  free(): void;
  end(): Promise<void>;
}

/** Mounts it on this folder, in a namespace of its own. `options` are those of mount(8). */
export async function smallDisk(folder: string, options: string): Promise<SmallDisk> {
  mkdirSync(folder, { recursive: true });
  const script = 'mount -t tmpfs -o "$2" none "$1" && echo mounted && exec cat';
  const holder = spawn('unshare', ['--map-root-user', '--mount', 'sh', '-c', script, 'sh', folder, options], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => holder.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('close', () => reject(new Error('the disk could not be mounted')));
  });
  const at = (path: string): string => `/proc/${holder.pid}/root${path}`;
  const filler = join(at(folder), 'filler');
  return {
    enter: ['nsenter', '--target', String(holder.pid), '--user', '--mount', '--preserve-credentials', '--'],
    at,
    fill: () => {
      const file = openSync(filler, 'a');
      for (let size = 1 << 20; size >= 1; size >>= 1) while (fits(file, size));
      closeSync(file);
    },
    free: () => rmSync(filler),
    end: async () => {
      holder.stdin.end();
      await ended;
    },
  };
}

function fits(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size, 1)) === size;
  } catch {
    return false;
  }
}
