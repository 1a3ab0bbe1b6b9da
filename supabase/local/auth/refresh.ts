import type { Query } from '../postgres/connect.ts';
import type { AuthDeps } from './deps.ts';
import { refreshTokenNotFound, refreshTokenUsed } from './errors.ts';
import type { AuthError } from './errors.ts';
import { readRefreshToken } from './refresh-token.ts';
import { sessionJson } from './session.ts';
import type { SessionJson } from './session.ts';

type Row = { counter: number; floor: number; replaced: number[] };

// auth-js relies on it: two tabs may refresh with one token.
const reuseWindowMs = 10_000;
// More tokens than anybody's tabs go through in ten seconds.
const mostReplaced = 64;

/**
 * Rotation with the rules of Supabase Auth: the newest token makes the next one; the one before it gets the
 * newest again, because its owner may never have received the answer; so does any token replaced within the last ten
 * seconds, because tabs refresh at once; an older one is a copy in somebody else's hands, and ends the session for both.
 */
export async function refresh(deps: AuthDeps, token: string): Promise<SessionJson> {
  const said = readRefreshToken(token, deps.keys.refresh);
  if (!said) throw refreshTokenNotFound();
  const { sessionId, counter } = said;
  const outcome = await deps.admin.begin(async (tx): Promise<SessionJson | AuthError> => {
    const [row] = await tx<Row[]>`
      select refresh_token_counter::int as counter, x_refresh_floor::int as floor, x_replaced_at as replaced
      from auth.sessions where id = ${sessionId} for update`;
    if (!row || counter < row.floor || counter > row.counter) return refreshTokenNotFound();
    if (counter === row.counter) await rotate(tx, sessionId, { replaced: row.replaced, now: deps.clock() });
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
  const generations = row.counter - counter;
  if (generations === 1) return false;
  const replacedAt = row.replaced.at(-generations);
  return replacedAt === undefined || now - replacedAt > reuseWindowMs;
}

async function rotate(
  tx: Query,
  sessionId: string,
  { replaced, now }: { replaced: number[]; now: number },
): Promise<void> {
  const recent = [...replaced.filter((at) => now - at <= reuseWindowMs), now].slice(-mostReplaced);
  const at = new Date(now);
  await tx`
    update auth.sessions
    set refresh_token_counter = refresh_token_counter + 1, refreshed_at = ${at}, updated_at = ${at},
      x_replaced_at = ${JSON.stringify(recent)}::text::jsonb
    where id = ${sessionId}`;
}
