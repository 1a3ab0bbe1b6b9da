import * as z from 'zod/mini';

/** Where auth-js keeps a session. */
interface SessionStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
  removeItem(key: string): void | Promise<void>;
}

const sessionSchema = z.looseObject({
  access_token: z.string(),
  expires_in: z.number(),
  expires_at: z.optional(z.number()),
});

function sessionIn(text: string | null): z.infer<typeof sessionSchema> | undefined {
  if (text === null) return undefined;
  return sessionSchema.safeParse(JSON.parse(text)).data;
}

/**
 * Keeps with a session when it ends by this device's clock (`now`, Unix milliseconds). Auth says it by its own, and auth-js compares
 * that with this device's: where that is an hour ahead each token was renewed at each use.
 */
export const endingByOwnClock = (storage: SessionStorage, now: () => number): SessionStorage => ({
  getItem: (key) => storage.getItem(key),
  removeItem: (key) => storage.removeItem(key),
  setItem: async (key, value) => {
    const session = sessionIn(value);
    if (!session) return storage.setItem(key, value);
    const before = sessionIn(await storage.getItem(key));
    // The same token is kept again when something else about its person changed.
    const known = before?.access_token === session.access_token ? before.expires_at : undefined;
    const expires_at = known ?? Math.floor(now() / 1000) + session.expires_in;
    await storage.setItem(key, JSON.stringify({ ...session, expires_at }));
  },
});
