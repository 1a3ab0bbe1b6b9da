/** Ends of the worker that are no crash: the desk is told what to do. The numbers are those of sysexits.h where one fits. */
export const WORKER_EXIT = {
  'disk-full': 74,
  'keyring-locked': 75,
  'keys-lost': 77,
  'journal-newer': 78,
} satisfies Record<string, number>;

const WORDS = new Map([
  [
    `code ${WORKER_EXIT['keyring-locked']}`,
    'The keyring of this desktop is locked or does not answer. Unlock it (sign in at the desktop): Errand goes on by itself, with the keys it has.',
  ],
  [
    `code ${WORKER_EXIT['keys-lost']}`,
    'The keys of this desktop are missing from its keyring. Restore the keyring; when they are lost for good: `errand stop`, `errand devices anew`, `errand up`, and pair your phones again. Errands stay.',
  ],
  [
    `code ${WORKER_EXIT['disk-full']}`,
    'The disk with the data folder is full or cannot be written. Make room: Errand does nothing until then, goes on by itself, and has lost nothing.',
  ],
  [
    `code ${WORKER_EXIT['journal-newer']}`,
    'The journal in the data folder was written by a newer Errand. Update this one, then `errand up`. Nothing in it was touched.',
  ],
]);

/** What an end says, when it was a known one. */
export const exitWords = (how: string): string | undefined => WORDS.get(how);
