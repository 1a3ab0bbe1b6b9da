/** Why the journal cannot be used; the message says what to do. */
type JournalFault = 'journal.locked' | 'journal.newer' | 'journal.taken-over';

const MESSAGES: Record<JournalFault, string> = {
  'journal.locked': 'Another agent is working with this data folder. Stop it first (errand stop).',
  'journal.newer': 'The journal was written by a newer Errand. Update this one.',
  'journal.taken-over': 'Another agent has taken this journal over. This one must end.',
};

export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code: JournalFault;

  constructor(code: JournalFault) {
    super(MESSAGES[code]);
    this.code = code;
  }
}
