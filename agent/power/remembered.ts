/**
 * A slow fact that must not delay a fast one: the first call waits for `read`, later calls answer at once with what
 * was read last and read again in the background when that is older than `everyMs`. `read` must not throw.
 * `now` is monotonic, in milliseconds.
 */
export function remembered<T>(options: {
  read: () => Promise<T>;
  everyMs: number;
  now: () => number;
}): () => Promise<T> {
  const { read, everyMs, now } = options;
  let value: Promise<T> | undefined;
  let startedAt = 0;
  let reading = false;

  async function refresh(): Promise<T> {
    reading = true;
    startedAt = now();
    const fresh = await read();
    reading = false;
    value = Promise.resolve(fresh);
    return fresh;
  }

  return () => {
    if (value === undefined) {
      value = refresh();
    } else if (!reading && now() - startedAt >= everyMs) {
      void refresh();
    }
    return value;
  };
}
