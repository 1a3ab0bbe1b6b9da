import type { Seen } from '../../edge/protocol/down.ts';
import type { DesktopView } from './view.ts';

/** Milliseconds without a sign of life after which a desktop is not called reachable any more: it pulls every 20 seconds. */
const FRESH = 90_000;

/** Whether a desktop would hear a task now, and if not, why: its own last word, or only when it was last seen. */
export type Reach =
  | { readonly is: 'here'; readonly busy: boolean }
  | { readonly is: Exclude<Seen['presence'], 'running' | 'idle'>; readonly since: number }
  | { readonly is: 'dropped'; readonly since: number }
  | { readonly is: 'quiet'; readonly since: number }
  | { readonly is: 'never' };

/** `now` in Unix milliseconds. */
export const reachOf = (desktop: DesktopView, now: number): Reach =>
  desktop.dropped === undefined ? lastSign(desktop, now) : { is: 'dropped', since: desktop.dropped };

function lastSign({ seen, lastSeen }: DesktopView, now: number): Reach {
  if (lastSeen === undefined) return { is: 'never' };
  const away = seen && seen.presence !== 'running' && seen.presence !== 'idle' ? seen.presence : undefined;
  // A later sign of life at the relay means that the desktop is back, and its new word is still on the way.
  if (seen && away && lastSeen - seen.at < FRESH) return { is: away, since: seen.at };
  if (now - lastSeen < FRESH) return { is: 'here', busy: seen?.presence === 'running' };
  return { is: 'quiet', since: lastSeen };
}
