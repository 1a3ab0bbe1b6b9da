import type { Notice } from '../control/messages.ts';

const LONGEST = 100;

export const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** One line of a person's own words. */
export function short(text: string): string {
  const line = oneLine(text);
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}

type TaskNotice = Extract<Notice, { say: 'task' }>;

function endWords({ text, state }: TaskNotice): string | undefined {
  if (state.is !== 'ended') return undefined;
  const why = state.why === undefined ? '' : ` ${state.why}`;
  switch (state.fate) {
    case 'done':
      return `Done: ${short(text)}`;
    case 'failed':
      return `Failed: ${short(text)}.${why}`;
    case 'refused':
      return `Refused: ${short(text)}.${why}`;
    case 'cancelled':
      return `Cancelled: ${short(text)}`;
    case 'expired':
      return `Expired before it could be done: ${short(text)}`;
    case 'unknown':
      return `Ended without a known outcome: ${short(text)}.${why}`;
  }
}

const PAUSED: Record<Extract<TaskNotice['state'], { is: 'parked' }>['why'], string> = {
  'lid-closed': 'the lid is closed',
  idle: 'nobody uses this computer',
  asleep: 'this computer goes to sleep',
  'stopped-by-owner': 'Errand was stopped',
  restarted: 'Errand starts again',
  'ask-expired': 'a question was not answered in time',
  'model-unavailable': 'the model does not answer just now',
  'disk-full': 'the disk is full',
};

function taskWords(notice: TaskNotice): string | undefined {
  switch (notice.state.is) {
    case 'queued':
      return undefined;
    case 'running':
      return `Working: ${short(notice.text)}`;
    case 'waiting':
      return undefined;
    case 'parked':
      return `Paused, because ${PAUSED[notice.state.why]}: ${short(notice.text)}`;
    case 'ended':
      return endWords(notice);
  }
}

function resultWords({ text, files }: Extract<Notice, { say: 'result' }>): string {
  return [text.trim(), ...files.map((file) => `  ${file}`)].join('\n');
}

const LINK_WORDS = {
  online: 'Connected to the relay.',
  offline: 'No connection to the relay. Errands wait; it tries again by itself.',
  // The first pairing gives this desktop its session: until then there is nothing to say.
  'no-session': undefined,
};

function clockWords(behind: number): string {
  const minutes = Math.round(Math.abs(behind) / 60);
  return `The clock of this computer is ${minutes} minutes ${behind > 0 ? 'behind' : 'ahead of'} the relay's. Set it to automatic; until then Errand goes by the relay's.`;
}

/** Nobody has to do anything. */
const QUIET = /^(Starting\.|Ready for errands\.|Working on an errand\.)$/;

function presenceWords({ presence, why }: Extract<Notice, { say: 'presence' }>): string | undefined {
  const works = presence === 'running' || presence === 'idle';
  return works && QUIET.test(why) ? undefined : why;
}

/** What an attached terminal prints. Claims and questions are put by questions.ts, offers by the first-start link. */
export function noticeWords(notice: Notice): string | undefined {
  if ('t' in notice) return errandWords(notice);
  switch (notice.say) {
    case 'offer':
    case 'claim':
      return undefined;
    case 'paired':
      return `${notice.name} may send errands to this computer now.`;
    case 'link':
      return LINK_WORDS[notice.link];
    case 'presence':
      return presenceWords(notice);
    case 'clock':
      return clockWords(notice.behind);
  }
}

function errandWords(notice: Extract<Notice, { t: string }>): string | undefined {
  switch (notice.say) {
    case 'ask':
      return undefined;
    case 'task':
      return taskWords(notice);
    case 'note':
      return `  ${short(notice.text)}`;
    case 'result':
      return resultWords(notice);
  }
}
