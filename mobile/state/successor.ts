import { reachOf } from './reach.ts';
import type { DesktopView } from './view.ts';

/**
 * The desktop that may be this one, set up anew: the same name, heard from since, and this one does not answer. Nothing proves it,
 * for the old keys are gone. `now` in Unix milliseconds.
 */
export function successorOf(
  desktop: DesktopView,
  desktops: readonly DesktopView[],
  now: number,
): DesktopView | undefined {
  if (!SILENT.has(reachOf(desktop, now).is)) return undefined;
  const { kid, name } = desktop.device;
  return desktops.find(
    (other) =>
      other.device.kid !== kid &&
      other.device.name === name &&
      other.dropped === undefined &&
      (other.lastSeen ?? 0) > (desktop.lastSeen ?? 0),
  );
}

/** A lid that is closed or a desktop that sleeps comes back; one whose keys are gone was stopped for that, or ended without a word. */
const SILENT: ReadonlySet<ReturnType<typeof reachOf>['is']> = new Set(['stopped-by-owner', 'quiet', 'never']);
