/** Ends of the worker that are no crash: the desk is told what to do. The numbers are those of sysexits.h where one fits. */
export const WORKER_EXIT = { 'disk-full': 74, 'journal-newer': 78 } satisfies Record<string, number>;

const WORDS = new Map([
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
