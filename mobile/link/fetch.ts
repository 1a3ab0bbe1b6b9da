/** What a phone needs of fetch. The runtimes' own types add members of theirs. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Milliseconds until the head of an answer, and then until its end. */
const HEAD = 25_000;
const BODY = 90_000;

/** Gives up on a network that takes everything and answers nothing: a request that never ends would hold its lock for ever. */
export const patient =
  (fetch: Fetch, { head = HEAD, body = BODY } = {}): Fetch =>
  async (input, init) => {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), head);
    try {
      const signal = init?.signal ? AbortSignal.any([init.signal, giveUp.signal]) : giveUp.signal;
      const response = await fetch(input, { ...init, signal });
      setTimeout(() => giveUp.abort(), body);
      return response;
    } finally {
      clearTimeout(timer);
    }
  };
