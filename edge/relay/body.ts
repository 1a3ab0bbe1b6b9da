import type * as z from 'zod/mini';
import { bodyLimit } from 'hono/body-limit';
import type { MiddlewareHandler } from 'hono';
import type { RelayContext, RelayEnv } from './deps.ts';
import { Refusal } from './errors.ts';
import type { Limits } from './limits.ts';

/** Reads the body. Refuses one of more than `maxSize` bytes, one that takes too long, and one that breaks off. */
export function upTo(maxSize: number, { bodySeconds }: Pick<Limits, 'bodySeconds'>): MiddlewareHandler<RelayEnv> {
  const limit = bodyLimit({
    maxSize,
    onError: () => {
      throw new Refusal('request.too-large');
    },
  });
  return async (c, next) => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Refusal('request.too-slow')), bodySeconds * 1000);
    // Hono keeps what was read for the handler.
    const read = limit(c, async () => void (await c.req.arrayBuffer())).catch((error: unknown) => {
      throw error instanceof Refusal ? error : new Refusal('request.malformed');
    });
    try {
      await Promise.race([read, late.promise]);
    } finally {
      clearTimeout(timer);
      read.catch(() => undefined);
    }
    await next();
  };
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
