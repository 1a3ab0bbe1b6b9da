import type { NoticeFrame, RequestFrame } from './frames.ts';

export type OpenNotices = {
  heard(notice: NoticeFrame): void;
  /** The desk answered something. */
  asked(request: RequestFrame): void;
  /** The worker is gone: what it waited for will be said again, if it still counts. */
  forget(): void;
  /** What a terminal that comes late has to hear, oldest first. */
  all(): readonly NoticeFrame[];
};

/** Remembers what still waits for the person at the desk: an offer, a claim, questions. */
export function openNotices(): OpenNotices {
  const open = new Map<string, NoticeFrame>();
  return {
    heard(notice) {
      const key = keyOf(notice);
      if (key !== undefined) open.set(key, notice);
      for (const settled of settledBy(notice, open)) open.delete(settled);
    },
    asked(request) {
      if (request.do === 'allow') open.delete(`claim ${String(request.claim)}`);
      if (request.do === 'answer') open.delete(`ask ${String(request.ask)}`);
      if (request.do === 'unpair') open.delete('offer');
    },
    forget: () => open.clear(),
    all: () => [...open.values()],
  };
}

function askId(notice: NoticeFrame): string {
  const { ask } = notice;
  return typeof ask === 'object' && ask !== null && 'ask' in ask ? String(ask.ask) : '';
}

function keyOf(notice: NoticeFrame): string | undefined {
  switch (notice.say) {
    case 'offer':
      return 'offer';
    case 'claim':
      return `claim ${String(notice.claim)}`;
    case 'ask':
      return `ask ${askId(notice)}`;
    default:
      return undefined;
  }
}

/** A pairing that worked ends offer and claims; a task that moves on has no open question left. */
function settledBy(notice: NoticeFrame, open: ReadonlyMap<string, NoticeFrame>): string[] {
  if (notice.say === 'paired') return [...open.keys()].filter((key) => key === 'offer' || key.startsWith('claim '));
  if (notice.say !== 'task' || isWaiting(notice.state)) return [];
  return [...open].filter(([, other]) => other.say === 'ask' && other.t === notice.t).map(([key]) => key);
}

function isWaiting(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'is' in state && state.is === 'waiting';
}
