import type { Query } from '../postgres/connect.ts';
import type { AuthDeps } from './deps.ts';
import { refreshTokenNotFound, refreshTokenUsed } from './errors.ts';
import type { AuthError } from './errors.ts';
import { readRefreshToken } from './refresh-token.ts';
import { sessionJson } from './session.ts';
import type { SessionJson } from './session.ts';

type Row = { counter: number; floor: number; before: Date | null };

// auth-js relies on it: two tabs may refresh with one token.
const reuseWindowMs = 10_000;

/**
 * Rotation with the rules of Supabase Auth: the newest token makes the next one; the one before it gets the
 * newest again, because its owner may never have received the answer; an older one is a copy in somebody
 * else's hands, and ends the session for both.
 */
export async function refresh(deps: AuthDeps, token: string): Promise<SessionJson> {
  const said = readRefreshToken(token, deps.keys.refresh);
  if (!said) throw refreshTokenNotFound();
  const { sessionId, counter } = said;
  const outcome = await deps.admin.begin(async (tx): Promise<SessionJson | AuthError> => {
    const [row] = await tx<Row[]>`
      select refresh_token_counter::int as counter, x_refresh_floor::int as floor, x_refreshed_before as before
      from auth.sessions where id = ${sessionId} for update`;
    if (!row || counter < row.floor || counter > row.counter) return refreshTokenNotFound();
    if (counter === row.counter) await rotate(tx, sessionId, new Date(deps.clock()));
    else if (isReuse(row, counter, deps.clock())) {
      await tx`delete from auth.sessions where id = ${sessionId}`;
      return refreshTokenUsed();
    }
    return sessionJson(deps, tx, sessionId);
  });
  // Thrown only here, so that the deletion is committed.
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

function isReuse(row: Row, counter: number, now: number): boolean {
  if (counter === row.counter - 1) return false;
  const replacedAt = counter === row.counter - 2 ? row.before?.getTime() : undefined;
  return replacedAt === undefined || now - replacedAt > reuseWindowMs;
}

async function rotate(tx: Query, sessionId: string, now: Date): Promise<void> {
  await tx`
    update auth.sessions
    set refresh_token_counter = refresh_token_counter + 1,
      x_refreshed_before = refreshed_at, refreshed_at = ${now}, updated_at = ${now}
    where id = ${sessionId}`;
}
