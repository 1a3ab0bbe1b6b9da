import * as z from 'zod/mini';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { thumbprintSchema } from '../protocol/id.ts';
import type { Settings } from './config.ts';
import { Refusal } from './errors.ts';
import { knownTokens } from './known-tokens.ts';

/** Whose session it is. `app_metadata.kind` decides, which only the relay can write; never `aal` alone. */
export type Caller =
  | { readonly role: 'machine'; readonly user: string; readonly kid: string }
  | {
      readonly role: 'owner';
      readonly user: string;
      readonly session: string;
      readonly secondFactor: boolean;
      /** Unix seconds at which a code of the authenticator was entered last. */
      readonly factorAt: number | undefined;
    };

/** Reads an access token. Throws a {@link Refusal}. */
export type Verify = (token: string) => Promise<Caller>;

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

const claimsSchema = z.object({
  sub: z.uuid(),
  role: z.literal('authenticated'),
  exp: z.int(),
  session_id: z.uuid(),
  aal: z.optional(z.string()),
  amr: z.optional(z.array(z.looseObject({ method: z.string(), timestamp: z.number() }))),
  is_anonymous: z.optional(z.literal(false)),
  app_metadata: z.optional(z.looseObject({ kind: z.optional(z.unknown()), kid: z.optional(z.unknown()) })),
});

export function createVerify(options: { settings: Settings; fetch: Fetch; now: () => number }): Verify {
  const { settings, fetch, now } = options;
  const issuer = `${settings.supabaseUrl}/auth/v1`;
  const keys: JWTVerifyGetKey = settings.jwks
    ? createLocalJWKSet(settings.jwks)
    : createRemoteJWKSet(new URL(`${settings.supabaseUrl}/auth/v1/.well-known/jwks.json`), { [customFetch]: fetch });
  return knownTokens(async (token) => {
    const currentDate = new Date(now() * 1000);
    const pinned = { issuer, audience: 'authenticated', algorithms: ['ES256'], currentDate };
    const { payload } = await jwtVerify(token, keys, pinned).catch((error: unknown) => {
      throw new Refusal(isTokenFault(error) ? 'auth.invalid' : 'relay.unavailable');
    });
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw new Refusal('auth.invalid');
    return { caller: callerOf(claims.data), expires: claims.data.exp };
  }, now);
}

/** False when the keys could not be fetched: that is not the caller's fault. */
const isTokenFault = (error: unknown): boolean =>
  error instanceof errors.JOSEError && error.code !== 'ERR_JWKS_TIMEOUT' && error.code !== 'ERR_JOSE_GENERIC';

function callerOf(claims: z.infer<typeof claimsSchema>): Caller {
  const { kind, kid } = claims.app_metadata ?? {};
  if (kind === undefined) {
    const times = (claims.amr ?? []).filter(({ method }) => method === 'totp').map(({ timestamp }) => timestamp);
    return {
      role: 'owner',
      user: claims.sub,
      session: claims.session_id,
      secondFactor: claims.aal === 'aal2',
      factorAt: times.length === 0 ? undefined : Math.max(...times),
    };
  }
  const device = thumbprintSchema.safeParse(kid);
  if (kind !== 'device' || !device.success) throw new Refusal('auth.forbidden');
  return { role: 'machine', user: claims.sub, kid: device.data };
}
