import type { Fetch } from './auth.ts';
import type { Settings, Vapid } from './config.ts';
import type { LogEntry } from './deps.ts';
import type { Limits } from './limits.ts';
import { isPushAddress } from './push-address.ts';
import { pushRequest } from './push-message.ts';
import type { PushEnd, Store, TakenPush } from './store.ts';

const TIMEOUT_MS = 10_000;

interface SenderOptions {
  readonly settings: Settings;
  readonly limits: Pick<Limits, 'pushPauses'>;
  readonly store: Pick<Store, 'takePushes' | 'endPush'>;
  readonly fetch: Fetch;
  readonly now: () => number;
  /** Resolves after so many seconds, or when the signal is aborted. */
  readonly sleep: (seconds: number, signal: AbortSignal) => Promise<void>;
  readonly log: (entry: LogEntry) => void;
  /** Aborted: nothing is tried again. */
  readonly signal: AbortSignal;
}

/** Sends what waits until nothing does, one run at a time; asked during a run, it looks once more. Never rejects. */
export function pushSender(options: SenderOptions): () => Promise<void> {
  const { vapid } = options.settings;
  let running: Promise<void> | undefined;
  let again = false;
  let nap = new AbortController();
  async function run(sender: Vapid): Promise<void> {
    for (;;) {
      again = false;
      const next = await sendDue(options, sender);
      if (again || next === 0) continue;
      if (next === null || options.signal.aborted) break;
      nap = new AbortController();
      await options.sleep(next, AbortSignal.any([nap.signal, options.signal]));
    }
    running = undefined;
  }
  return async () => {
    if (!vapid) return;
    again = true;
    nap.abort();
    running ??= run(vapid);
    await running;
  };
}

/** Seconds until another push is due, 0 right after some went out, or null when none waits. */
async function sendDue(options: SenderOptions, vapid: Vapid): Promise<number | null> {
  const { store, log } = options;
  try {
    const { pushes, next } = await store.takePushes(20);
    const ends = await Promise.all(pushes.map((push) => send(push, options, vapid)));
    for (const end of ends) await store.endPush(end);
    return ends.length > 0 ? 0 : next;
  } catch (error) {
    // What was taken is due again in a minute, and goes out with the next push.
    log({ event: 'push.interrupted', error: error instanceof Error ? error.name : 'unknown' });
    return null;
  }
}

async function send(push: TakenPush, options: SenderOptions, vapid: Vapid): Promise<PushEnd> {
  const httpStatus = await statusOf(push, options, vapid);
  const end = endOf(push, httpStatus, options.limits);
  if (end.state !== 'sent') options.log({ event: `push.${end.state}`, status: httpStatus ?? 0 });
  return end;
}

/** The push service's answer, or null when there was none. */
async function statusOf(push: TakenPush, options: SenderOptions, vapid: Vapid): Promise<number | null> {
  if (!isPushAddress(push.subscription.endpoint, options.settings)) return 404;
  try {
    const request = await pushRequest(push, vapid, options.now());
    const response = await options.fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}

function endOf({ id, attempts }: TakenPush, httpStatus: number | null, limits: Pick<Limits, 'pushPauses'>): PushEnd {
  if (httpStatus !== null && httpStatus >= 200 && httpStatus < 300) return { id, state: 'sent', httpStatus, after: 0 };
  if (httpStatus === 404 || httpStatus === 410) return { id, state: 'gone', httpStatus, after: 0 };
  const passing = httpStatus === null || httpStatus === 429 || httpStatus >= 500;
  const after = limits.pushPauses[attempts - 1];
  if (!passing || after === undefined) return { id, state: 'failed', httpStatus, after: 0 };
  return { id, state: 'waiting', httpStatus, after };
}
