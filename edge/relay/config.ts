import * as z from 'zod/mini';
import type { JSONWebKeySet } from 'jose';
import { concat, fromB64u, toB64u } from '../protocol/bytes.ts';

export interface Vapid {
  /** `mailto:` or `https:` address of whoever runs the relay (RFC 8292, section 2.1). */
  readonly subject: string;
  readonly privateJwk: JsonWebKey;
  /** The uncompressed point as base64url: what browsers and push services are given. */
  readonly publicKey: string;
}

export interface Settings {
  /** The project's address, for clients as well: tokens name it as their issuer. */
  readonly supabaseUrl: string;
  /** The first one is handed out. */
  readonly publishableKeys: readonly string[];
  readonly secretKey: string;
  /** Undefined: fetched from the project. */
  readonly jwks: JSONWebKeySet | undefined;
  readonly vapid: Vapid | undefined;
  /** Where the phone app is served from, when that is not the relay's own origin. */
  readonly appOrigins: readonly string[];
  readonly pushAllowLoopback: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const keysSchema = z.record(z.string(), z.string());
const jwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });
/** 32 bytes: the last of 43 characters carries four bits only. */
const coordinate = z.string().check(z.regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/));
const vapidSchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
  d: coordinate,
});

/** Reads the environment. Throws an Error that names the variable to set; it quotes no value. */
export function readConfig(env: Environment): Settings {
  const supabaseUrl = withoutSlash(required(env, 'SUPABASE_URL'));
  const [secretKey] = keys(env, 'SUPABASE_SECRET_KEYS', 'SUPABASE_SERVICE_ROLE_KEY');
  return {
    supabaseUrl,
    publishableKeys: keys(env, 'SUPABASE_PUBLISHABLE_KEYS', 'SUPABASE_ANON_KEY'),
    secretKey,
    jwks: env['SUPABASE_JWKS'] ? parsed(env['SUPABASE_JWKS'], 'SUPABASE_JWKS', jwksSchema) : undefined,
    vapid: readVapid(env),
    appOrigins: (env['ERRAND_APP_ORIGIN'] ?? '').split(/[\s,]+/).filter((origin) => origin !== ''),
    pushAllowLoopback: env['ERRAND_PUSH_ALLOW_LOOPBACK'] === '1',
  };
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');

function required(env: Environment, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`The relay needs ${name}. Set it in its environment.`);
  return value;
}

/** Named keys as JSON, the one named "default" first; or the single key of the older form. */
function keys(env: Environment, name: string, legacy: string): [string, ...string[]] {
  const text = env[name];
  if (!text) return [required({ [name]: env[legacy] }, name)];
  const named = parsed(text, name, keysSchema);
  const [first, ...rest] = [named['default'], ...Object.values(named)].filter((key) => key !== undefined);
  if (first === undefined) throw new Error(`${name} names no key. Set it to {"default": "sb_..."}.`);
  return [first, ...rest];
}

function parsed<T extends z.ZodMiniType>(text: string, name: string, schema: T): z.infer<T> {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Error(`${name} is not the JSON the relay reads. Copy it again from the project's settings.`);
  }
}

function readVapid(env: Environment): Vapid | undefined {
  const text = env['ERRAND_VAPID_JWK'];
  if (!text) return undefined;
  const privateJwk = parsed(text, 'ERRAND_VAPID_JWK', vapidSchema);
  const point = concat(new Uint8Array([4]), fromB64u(privateJwk.x), fromB64u(privateJwk.y));
  return { subject: required(env, 'ERRAND_VAPID_SUBJECT'), privateJwk, publicKey: toB64u(point) };
}
