import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** sun_path holds 104 bytes on macOS and 108 on Linux, with the closing NUL. */
const LONGEST = 103;

/** Where the supervisor of this data folder listens. Throws when the folder's path is too long for a socket. */
export function controlAddress({ data, platform }: { data: string; platform: string }): string {
  if (platform === 'win32') {
    const name = createHash('sha256').update(data.toLowerCase()).digest('hex').slice(0, 16);
    return `\\\\.\\pipe\\errand-${name}`;
  }
  const address = join(data, 'control.sock');
  if (Buffer.byteLength(address) <= LONGEST) return address;
  throw new Error(
    `The data folder ${data} has too long a path for a socket. Set ERRAND_DATA to a folder with a path of at most ${LONGEST - 13} bytes.`,
  );
}
