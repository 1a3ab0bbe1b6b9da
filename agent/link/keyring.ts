import { secrets } from 'bun';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

/** Where this desktop keeps its secrets. The choice is made once and recorded: a keyring that is locked later is an error. */
export interface Keyring {
  readonly backend: 'keychain' | 'file';
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
}

/** Under this name the key of the model provider is kept. */
export const API_KEY = 'anthropic-api-key';

/** The recorded keyring does not answer. Never a reason to make new keys. */
export class KeyringLocked extends Error {
  override readonly name = 'KeyringLocked';
  readonly code = 'keyring.locked';
  constructor() {
    super(
      'The keyring of this desktop is locked or does not answer. Unlock it (sign in at the desktop) and start Errand again.',
    );
  }
}

/** A locked keyring may wait for a password nobody is there to type. */
const PATIENCE_MS = 15_000;

interface Options {
  /** The data folder. */
  readonly folder: string;
  /** 'file' makes the file the keyring without asking the system. */
  readonly force: string | undefined;
  /** Says loudly, once, that keys are in a file. */
  readonly notice: (text: string) => void;
}

/** Opens the recorded keyring, or at the first time the system's, and a file only where the system has none. */
export async function openKeyring({ folder, force, notice }: Options): Promise<Keyring> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const record = join(folder, 'keyring');
  const recorded = existsSync(record) ? readFileSync(record, 'utf8').trim() : undefined;
  if (recorded === 'keychain') return keychain(folder);
  if (recorded === 'file') return fileKeyring(folder);
  const ring = force === 'file' || !(await keychainWorks(folder)) ? fileKeyring(folder) : keychain(folder);
  writeFileSync(record, ring.backend, { mode: 0o600 });
  if (ring.backend === 'file') {
    notice(
      `This system offers no keyring. The keys of this desktop are in ${secretsFile(folder)}, readable by your account only.`,
    );
  }
  return ring;
}

async function keychainWorks(folder: string): Promise<boolean> {
  const ring = keychain(folder);
  try {
    await ring.set('probe', 'probe');
    return (await ring.get('probe')) === 'probe';
  } catch {
    return false;
  }
}

function keychain(folder: string): Keyring {
  const service = `errand ${folder}`;
  return {
    backend: 'keychain',
    get: async (name) => (await patiently(() => secrets.get({ service, name }))) ?? undefined,
    set: (name, value) => patiently(() => secrets.set({ service, name, value })),
  };
}

async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new KeyringLocked()), PATIENCE_MS);
  try {
    return await Promise.race([ask(), promise]);
  } catch {
    throw new KeyringLocked();
  } finally {
    clearTimeout(timer);
  }
}

const secretsSchema = z.record(z.string(), z.string());
const secretsFile = (folder: string): string => join(folder, 'secrets.json');

function fileKeyring(folder: string): Keyring {
  const path = secretsFile(folder);
  const read = (): z.infer<typeof secretsSchema> =>
    existsSync(path) ? secretsSchema.parse(JSON.parse(readFileSync(path, 'utf8'))) : {};
  return {
    backend: 'file',
    get: async (name) => read()[name],
    set: async (name, value) => {
      const draft = `${path}.part`;
      writeFileSync(draft, JSON.stringify({ ...read(), [name]: value }), { mode: 0o600 });
      chmodSync(draft, 0o600);
      renameSync(draft, path);
    },
  };
}
