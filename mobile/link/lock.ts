/** One at a time under a name: pull, store and ack must not interleave between page, second tab and service worker. */
export type Lock = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export const webLock =
  (locks: LockManager): Lock =>
  // The declared type of request() predates its generic result.
  async (name, work) =>
    locks.request(`errand ${name}`, work);

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
