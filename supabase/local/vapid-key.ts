import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';

/**
 * The key by which push services know this relay (RFC 8292), as the text of its private JWK, made at its first start. Another one
 * would silence every phone that subscribed with this one.
 */
export async function loadVapidKey(dataDir: string): Promise<string> {
  const file = join(dataDir, 'vapid.json');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    writeFileSync(`${file}.new`, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8');
}
