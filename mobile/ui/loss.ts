import type { Phone } from '../state/phone.ts';

/** What browsers keep when they clear a page's databases for room. */
const MARK = 'errand.phone';

export interface Loss {
  /** There was a phone with keys here before: without any now, the browser took them away. */
  readonly lost: () => boolean;
  /** The person took them away. */
  readonly forgotten: () => void;
}

/** Notes that there is a phone here as soon as it has keys. */
export function watchLoss(page: Window, phone: Phone): Loss {
  const note = (): void => {
    if (phone.view().me) withStorage(page, (kept) => kept.setItem(MARK, 'has keys'));
  };
  note();
  phone.subscribe(note);
  return {
    lost: () => !phone.view().me && withStorage(page, (kept) => kept.getItem(MARK)) !== null,
    forgotten: () => void withStorage(page, (kept) => kept.removeItem(MARK)),
  };
}

/** Some browsers throw at the mere name of what they were told to block. Null where there is nothing. */
function withStorage<T>(page: Window, work: (kept: Storage) => T): T | null {
  try {
    return work(page.localStorage);
  } catch {
    return null;
  }
}
