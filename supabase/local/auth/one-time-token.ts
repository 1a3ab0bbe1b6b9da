import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Query } from '../postgres/connect.ts';
import type { AuthDeps } from './deps.ts';

// Long enough to type a code or to answer a request, and no longer.
const lifetimeMs = 10 * 60_000;
// Without 0, 1, I, L, O and U: somebody reads it off one screen and types it into another.
const letters = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const codeLength = 12;

/** Replaces the user's earlier link. */
export async function newLink(sql: Query, userId: string, now: Date): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await sql`
    insert into auth.one_time_tokens (user_id, token_type, token_hash, x_expires_at, created_at)
    values (${userId}, 'magiclink', ${fingerprint(token)}, ${expiry(now)}, ${now})
    on conflict (user_id, token_type) do update set
      token_hash = excluded.token_hash, x_expires_at = excluded.x_expires_at, created_at = excluded.created_at`;
  return token;
}

/** The user of a link's token, which is used up by this. */
export async function useLinkToken(sql: Query, token: string, now: Date): Promise<string | undefined> {
  const [row] = await sql<{ user_id: string }[]>`
    delete from auth.one_time_tokens
    where token_hash = ${fingerprint(token)} and x_expires_at > ${now}
    returning user_id`;
  return row?.user_id;
}

type Deps = Pick<AuthDeps, 'admin' | 'keys' | 'clock'>;

/**
 * The code of a password reset: 58 bits. While one is good it is answered again, so that nobody who asks for somebody else's code
 * takes it away while its owner types it; and tries are not counted, so that nobody uses it up by guessing.
 */
export async function resetCode({ admin, keys, clock }: Deps, userId: string): Promise<string> {
  const now = new Date(clock());
  await admin`delete from auth.one_time_tokens where user_id = ${userId} and x_expires_at <= ${now}`;
  await admin`
    insert into auth.one_time_tokens (user_id, token_type, x_expires_at, created_at)
    values (${userId}, 'recovery', ${expiry(now)}, ${now}) on conflict (user_id, token_type) do nothing`;
  const [row] = await admin<{ id: string }[]>`
    select id from auth.one_time_tokens where user_id = ${userId} and token_type = 'recovery'`;
  if (!row) throw new Error('the code was used while it was made');
  return codeOf(row.id, keys.refresh);
}

/** True once for the right code. */
export async function useResetCode({ admin, keys, clock }: Deps, userId: string, given: string): Promise<boolean> {
  const [row] = await admin<{ id: string }[]>`
    select id from auth.one_time_tokens
    where user_id = ${userId} and token_type = 'recovery' and x_expires_at > ${new Date(clock())}`;
  if (!row || !same(codeOf(row.id, keys.refresh), given.replaceAll(/[\s-]/g, '').toUpperCase())) return false;
  const used = await admin`delete from auth.one_time_tokens where id = ${row.id} returning id`;
  return used.length > 0;
}

/** In groups of four, for the eye. */
export const showCode = (code: string): string => code.replaceAll(/(.{4})(?!$)/g, '$1-');

/** The row tells only who holds the key. 16 bits a letter make every letter as likely as any other, to one in two thousand. */
function codeOf(id: string, key: Buffer): string {
  const hash = createHmac('sha256', key).update('errand reset code\0').update(id).digest();
  return Array.from({ length: codeLength }, (_, at) => letters[hash.readUInt16BE(at * 2) % letters.length]).join('');
}

const expiry = (now: Date): Date => new Date(now.getTime() + lifetimeMs);

function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
