import { array, boolean, nullable, object, optional, safeParse, string, unknown } from 'zod/mini';
import type { Keys } from '../keys.ts';
import type { Sql } from '../postgres/connect.ts';
import { readToken } from '../tokens.ts';
import type { Claims, Clock } from '../tokens.ts';
import { mayRead } from './may-read.ts';

export type ChannelDeps = { admin: Sql; keys: Keys; clock: Clock };

/** A channel somebody has joined. The claims are what the database said yes to, and hold until their `exp`. */
export type Channel = { topic: string; joinRef: string | null; claims: Claims };

export type Admission = { kind: 'admitted'; claims: Claims } | { kind: 'refused'; reason: string };

const joinPayload = object({
  access_token: nullable(optional(string())),
  config: object({ private: optional(boolean()), postgres_changes: optional(array(unknown())) }),
});

const tokenPayload = object({ access_token: nullable(optional(string())) });

export const prefix = 'realtime:';

/** `topic` with its `realtime:` prefix; `payload` as it came in `phx_join`. */
export async function admit(deps: ChannelDeps, topic: string, payload: unknown): Promise<Admission> {
  const join = safeParse(joinPayload, payload);
  if (!join.success || !topic.startsWith(prefix))
    return refused('MalformedJoin: the topic or its config is not understood');
  const { config, access_token: token } = join.data;
  if (config.private !== true) return refused('PrivateOnly: This project only allows private channels');
  if ((config.postgres_changes ?? []).length > 0) {
    return refused('UnsupportedFeature: postgres_changes is not offered by the embedded stack');
  }
  return check(deps, topic, token);
}

/** For an `access_token` message. Undefined: the message carries no user's token, and hosted ignores it too. */
export async function readmit(deps: ChannelDeps, topic: string, payload: unknown): Promise<Admission | undefined> {
  const refresh = safeParse(tokenPayload, payload);
  const token = refresh.success ? refresh.data.access_token : undefined;
  return isKey(token) ? undefined : check(deps, topic, token);
}

async function check(deps: ChannelDeps, topic: string, token: string | null | undefined): Promise<Admission> {
  // Nobody's key alone opens a private channel here: the product has no policy for anonymous listeners.
  if (token === null || token === undefined || isKey(token)) return unauthorised(topic);
  const claims = await readToken(token, deps.keys, deps.clock);
  if (claims?.role !== 'authenticated')
    return refused('InvalidJWTToken: The access token is expired or was not issued here');
  const question = { topic: topic.slice(prefix.length), role: claims.role, claims } satisfies Parameters<
    typeof mayRead
  >[1];
  return (await mayRead(deps.admin, question)) ? { kind: 'admitted', claims } : unauthorised(topic);
}

function isKey(token: string | null | undefined): boolean {
  return token === null || token === undefined || token.startsWith('sb_');
}

function unauthorised(topic: string): Admission {
  const name = topic.slice(prefix.length);
  return refused(`Unauthorized: You do not have permissions to read from this Channel topic: ${name}`);
}

function refused(reason: string): Admission {
  return { kind: 'refused', reason };
}
