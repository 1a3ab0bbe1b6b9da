import { jwtVerify, SignJWT } from 'jose';
import type { JWTPayload } from 'jose';
import type { Keys } from './keys.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

export type Claims = JWTPayload & { sub: string; role: string; exp: number };

/** The claims of an access token of this stack, or undefined when it is expired, foreign or malformed. */
export async function readToken(token: string, keys: Keys, clock: Clock): Promise<Claims | undefined> {
  try {
    const { payload } = await jwtVerify(token, keys.verify, {
      algorithms: ['ES256'],
      audience: 'authenticated',
      currentDate: new Date(clock()),
    });
    const { sub, role, exp } = payload;
    if (typeof sub !== 'string' || typeof role !== 'string' || exp === undefined) return undefined;
    return { ...payload, sub, role, exp };
  } catch {
    return undefined;
  }
}

export function writeToken(claims: JWTPayload, keys: Keys): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: keys.kid, typ: 'JWT' }).sign(keys.sign);
}
