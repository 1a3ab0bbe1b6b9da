import { SignJWT } from 'jose';
import { loadKeys } from '../../supabase/local/keys.ts';
import { nowSeconds } from './paired.ts';
import type { TestStack } from './stack.ts';

/** A token of the stack's own key with any claims: what only whoever holds the key could make. Undefined takes a claim away. */
export async function minted({ dataDir }: TestStack, claims: Record<string, unknown>): Promise<string> {
  const { sign, kid } = await loadKeys(dataDir);
  return new SignJWT({ exp: nowSeconds() + 600, ...claims }).setProtectedHeader({ alg: 'ES256', kid }).sign(sign);
}
