import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { SupportedStorage } from '@supabase/auth-js';
import * as z from 'zod/mini';

const contentSchema = z.record(z.string(), z.string());

/** Where the session of this desktop's machine user is kept: a file of its own, 0600. Losing it costs nothing, see `session.ts`. */
export function sessionFile(path: string): SupportedStorage {
  const read = (): z.infer<typeof contentSchema> => {
    try {
      return contentSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      return {};
    }
  };
  const write = (content: z.infer<typeof contentSchema>): void => {
    writeFileSync(`${path}.part`, JSON.stringify(content), { mode: 0o600 });
    chmodSync(`${path}.part`, 0o600);
    renameSync(`${path}.part`, path);
  };
  return {
    getItem: (key) => read()[key] ?? null,
    setItem: (key, value) => write({ ...read(), [key]: value }),
    removeItem: (key) => {
      const { [key]: _removed, ...rest } = read();
      write(rest);
    },
  };
}
