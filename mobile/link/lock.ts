/** One at a time under a name: pull, store and ack must not interleave between page, second tab and service worker. */
export type Lock = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/**
 * Milliseconds after which a lock is taken from whoever has it: longer than any request may take. A page that the system froze keeps
 * its locks, and must not stop the others for ever. All work under a lock bears a second one beside it: envelopes are known by their
 * id, sealed bytes are kept once.
 */
const PATIENCE = 60_000;

export const webLock =
  (locks: LockManager, patience = PATIENCE): Lock =>
  async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    let begun: Promise<T> | undefined;
    const begin = (): Promise<T> => (begun = work());
    // The declared type of request() predates its generic result.
    const take = async (options: LockOptions): Promise<T> => locks.request(`errand ${name}`, options, begin);
    try {
      return await take({ signal: AbortSignal.timeout(patience) });
    } catch (error) {
      // Robbed in the middle: the work goes on all the same.
      if (begun) return begun;
      if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error;
    }
    try {
      return await take({ steal: true });
    } catch (error) {
      if (begun) return begun;
      throw error;
    }
  };

/** For a phone that is alone with its data. */
export function ownLock(): Lock {
  const last = new Map<string, Promise<unknown>>();
  return (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work);
    last.set(
      name,
      mine.catch(() => undefined),
    );
    return mine;
  };
}
