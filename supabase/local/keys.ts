import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { literal, object, parse, string } from 'zod/mini';
import type { infer as Infer } from 'zod/mini';

const storedKeys = object({
  publishable: string(),
  secret: string(),
  /** Keys the hash in refresh tokens, base64url. */
  refresh: string(),
  signing: object({
    kty: literal('EC'),
    crv: literal('P-256'),
    x: string(),
    y: string(),
    d: string(),
    kid: string(),
    alg: literal('ES256'),
  }),
});

export type Keys = {
  publishable: string;
  secret: string;
  refresh: Buffer;
  kid: string;
  sign: CryptoKey;
  verify: CryptoKey;
  jwks: JSONWebKeySet;
};

/** The keys of this data folder, made on first use. The file is readable by its owner only. */
export async function loadKeys(dataDir: string): Promise<Keys> {
  const file = join(dataDir, 'keys.json');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) write(file, await newKeys());
  return open(parse(storedKeys, JSON.parse(readFileSync(file, 'utf8'))));
}

function write(file: string, keys: Infer<typeof storedKeys>): void {
  writeFileSync(`${file}.new`, JSON.stringify(keys), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

async function newKeys(): Promise<Infer<typeof storedKeys>> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return parse(storedKeys, {
    publishable: `sb_publishable_${randomBytes(24).toString('base64url')}`,
    secret: `sb_secret_${randomBytes(24).toString('base64url')}`,
    refresh: randomBytes(32).toString('base64url'),
    signing: { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256' },
  });
}

async function open(stored: Infer<typeof storedKeys>): Promise<Keys> {
  const { d: _private, ...shared } = stored.signing;
  return {
    publishable: stored.publishable,
    secret: stored.secret,
    refresh: Buffer.from(stored.refresh, 'base64url'),
    kid: stored.signing.kid,
    sign: await cryptoKey(stored.signing),
    verify: await cryptoKey(shared),
    jwks: { keys: [{ ...shared, use: 'sig', key_ops: ['verify'] }] },
  };
}

async function cryptoKey(jwk: Parameters<typeof importJWK>[0]): Promise<CryptoKey> {
  const key = await importJWK(jwk, 'ES256');
  if (key instanceof Uint8Array) throw new TypeError('An ES256 key cannot be symmetric.');
  return key;
}
