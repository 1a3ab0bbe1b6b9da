import type { Journal } from './journal.ts';

/**
 * What a lost answer had in it the relay gives again after a minute. So long every look into the inbox must have succeeded before what
 * did not come is not there: it was withdrawn, has expired, or was never sent.
 */
const GIVEN_AGAIN_MS = 90_000;

/** In Unix milliseconds: from the look that began at `since` to the one that began at `last`, none failed. */
interface Looks {
  readonly since: number;
  readonly last: number;
}

/** Of this process alone: the relay gives a new one at once what an earlier one was given. */
const looks = new WeakMap<Journal, Looks>();

/** A look into the inbox, which began at `began`, came to its end. */
export function noteLook(journal: Journal, began: number): void {
  looks.set(journal, { since: looks.get(journal)?.since ?? began, last: began });
}

export const noteFailedLook = (journal: Journal): void => void looks.delete(journal);

/** True when what was at the relay at `time`, in Unix milliseconds, has come. */
export function hasComeSince(journal: Journal, time: number): boolean {
  const known = looks.get(journal);
  return known !== undefined && known.last - Math.max(known.since, time) >= GIVEN_AGAIN_MS;
}
