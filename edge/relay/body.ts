import type * as z from 'zod/mini';
import { bodyLimit } from 'hono/body-limit';
import type { MiddlewareHandler } from 'hono';
import type { RelayContext, RelayEnv } from './deps.ts';
import { Refusal } from './errors.ts';

/** Refuses a body of more than `maxSize` bytes: by its length when it has one, else while it is read. */
export function upTo(maxSize: number): MiddlewareHandler<RelayEnv> {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new Refusal('request.too-large');
    },
  });
}

/** The request's JSON, or a refusal that does not quote it. */
export async function readJson<T extends z.ZodMiniType>(c: RelayContext, schema: T): Promise<z.infer<T>> {
  let json: unknown;
  try {
    json = await c.req.json();
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal('request.malformed');
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw new Refusal('request.malformed');
  return parsed.data;
}
