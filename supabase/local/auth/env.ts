import type { Context } from 'hono';
import type { ZodMiniType } from 'zod/mini';
import { safeParse } from 'zod/mini';
import { badBody } from './errors.ts';

/** The session behind a valid access token. */
export type LiveSession = {
  userId: string;
  sessionId: string;
  secondFactor: boolean;
  /** A code was entered in the last ten minutes. */
  freshFactor: boolean;
};

export type AuthEnv = { Bindings: { ip?: string | undefined }; Variables: { session: LiveSession } };

/** Parses the JSON body, or throws the error the caller gets. */
export async function readBody<T>(c: Context, schema: ZodMiniType<T>): Promise<T> {
  const body = safeParse(schema, await c.req.json().catch(() => undefined));
  if (!body.success) throw badBody();
  return body.data;
}
