import type { Phone } from '../state/phone.ts';
import type { PhoneView } from '../state/view.ts';

/** Resolves with the first view, now or later, of which `pick` makes something. */
export function untilView<T>(phone: Phone, pick: (view: PhoneView) => T | undefined): Promise<T> {
  return new Promise((resolve) => {
    const first = pick(phone.view());
    if (first !== undefined) return resolve(first);
    const stop = phone.subscribe((view) => {
      const found = pick(view);
      if (found === undefined) return;
      stop();
      resolve(found);
    });
  });
}
