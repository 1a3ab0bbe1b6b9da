import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { Query } from '../postgres/connect.ts';

export type OneTime = { kind: 'magiclink' | 'recovery'; userId: string; now: Date };

// Long enough to type a code or to answer a request, and no longer.
const lifetimeMs = 10 * 60_000;
const mostTries = 5;
// Without 0, 1, I, L and O: somebody reads it off one screen and types it into another.
const letters = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';

export function newLinkToken(): string {
  return randomBytes(32).toString('base64url');
}

/** 39 bits, five tries. */
export function newCode(): string {
  return Array.from({ length: 8 }, () => letters[randomInt(letters.length)]).join('');
}

/** Replaces the user's earlier token of this kind. */
export async function storeToken(sql: Query, { kind, userId, now }: OneTime, token: string): Promise<void> {
  const expires = new Date(now.getTime() + lifetimeMs);
  await sql`
    insert into auth.one_time_tokens (user_id, token_type, token_hash, x_expires_at, created_at)
    values (${userId}, ${kind}, ${fingerprint(token)}, ${expires}, ${now})
    on conflict (user_id, token_type) do update set
      token_hash = excluded.token_hash, x_expires_at = excluded.x_expires_at,
      created_at = excluded.created_at, x_tries = 0`;
}

/** The user of a link's token, which is used up by this. */
export async function useLinkToken(sql: Query, token: string, now: Date): Promise<string | undefined> {
  const [row] = await sql<{ user_id: string }[]>`
    delete from auth.one_time_tokens
    where token_hash = ${fingerprint(token)} and x_expires_at > ${now}
    returning user_id`;
  return row?.user_id;
}

/** True once for the right code. A wrong one counts, and the fifth takes the code away. */
export async function useCode(sql: Query, { kind, userId, now }: OneTime, code: string): Promise<boolean> {
  const wanted = fingerprint(code.replaceAll(/[\s-]/g, '').toUpperCase());
  const [row] = await sql<{ right: boolean; tries: number }[]>`
    update auth.one_time_tokens set x_tries = x_tries + 1
    where user_id = ${userId} and token_type = ${kind} and x_expires_at > ${now}
    returning token_hash = ${wanted} as right, x_tries as tries`;
  if (!row) return false;
  if (row.right || row.tries >= mostTries) {
    await sql`delete from auth.one_time_tokens where user_id = ${userId} and token_type = ${kind}`;
  }
  return row.right;
}

function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
