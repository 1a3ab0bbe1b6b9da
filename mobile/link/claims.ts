import * as z from 'zod/mini';
import { fromB64u, toText } from '../../edge/protocol/bytes.ts';

const claimsSchema = z.object({ session_id: z.string(), aal: z.enum(['aal1', 'aal2']) });
export type Claims = z.infer<typeof claimsSchema>;

/** What an access token says of its session. Unverified: the phone only looks at what it will be asked for, the relay verifies. */
export function claimsOf(accessToken: string): Claims | undefined {
  try {
    const json: unknown = JSON.parse(toText(fromB64u(accessToken.split('.')[1] ?? '')));
    const parsed = claimsSchema.safeParse(json);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
