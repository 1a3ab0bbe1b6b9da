type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Milliseconds until the head of an answer, and until its end. */
const HEAD = 25_000;
const WHOLE = 120_000;

/**
 * Gives up on a network that takes everything and answers nothing, as behind a connection whose other end is gone: a request that
 * never ends would hold up all that come after it.
 */
export const patient =
  (fetch: Fetch, { head = HEAD, whole = WHOLE } = {}): Fetch =>
  async (input, init) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), head);
    const given = init?.signal ? [init.signal] : [];
    try {
      return await fetch(input, {
        ...init,
        signal: AbortSignal.any([giveUp.signal, AbortSignal.timeout(whole), ...given]),
      });
    } finally {
      clearTimeout(timer);
    }
  };
