import type { Notice, Request } from '../control/messages.ts';
import { actionWords } from './action-words.ts';
import { oneLine, short } from './notice-words.ts';

type Claim = Extract<Notice, { say: 'claim' }>;
type Ask = Extract<Notice, { say: 'ask' }>;

/** What one key press leads to. */
export type Pressed = { request?: Request; say?: string };

type OpenClaim = { claim: Claim; mayPower: boolean; history: boolean };
type Open = OpenClaim | { ask: Ask };

const isClaim = (one: Open, claim: string): boolean => 'claim' in one && one.claim.claim === claim;
const isAskOf = (one: Open, t: string): boolean => 'ask' in one && one.ask.t === t;

/** A task has at most one open question, so one that moved on or asks anew has no older one. */
function after(open: readonly Open[], notice: Notice, mayPower: boolean): readonly Open[] {
  if (notice.say === 'claim') {
    return open.some((one) => isClaim(one, notice.claim))
      ? open
      : [...open, { claim: notice, mayPower, history: notice.history === true }];
  }
  if (notice.say === 'paired') return open.filter((one) => 'ask' in one);
  if (notice.say === 'ask') return [...open.filter((one) => !isAskOf(one, notice.t)), { ask: notice }];
  const moved = notice.say === 'task' && notice.state.is !== 'waiting';
  return moved ? open.filter((one) => !isAskOf(one, notice.t)) : open;
}

/** The questions that wait for a key at the desk, one after the other. */
export class Questions {
  private open: readonly Open[] = [];
  private readonly mayPower: boolean;

  /** `mayPower`: the first proposal for a new phone. */
  constructor({ mayPower }: { mayPower: boolean }) {
    this.mayPower = mayPower;
  }

  /** Takes claims and questions; forgets those that were answered elsewhere. True when the question to be shown is another one now. */
  hear(notice: Notice): boolean {
    const before = this.open[0];
    this.open = after(this.open, notice, this.mayPower);
    return this.open[0] !== before;
  }

  /** The question to be shown now. */
  async words(): Promise<string | undefined> {
    const first = this.open[0];
    if (first === undefined) return undefined;
    return 'claim' in first ? claimWords(first) : askWords(first.ask);
  }

  press(key: string): Pressed {
    const first = this.open[0];
    if (first === undefined) return {};
    return 'claim' in first ? this.pressClaim(first, key) : this.pressAsk(first.ask, key);
  }

  private pressClaim(first: OpenClaim, key: string): Pressed {
    const { claim, mayPower, history } = first;
    const asksHistory = claim.history !== undefined;
    switch (key) {
      case 'a':
        this.next();
        return {
          request: { do: 'allow', claim: claim.claim, ok: true, mayPower, ...(asksHistory && { mayHistory: history }) },
        };
      case 'd':
        this.next();
        return {
          request: { do: 'allow', claim: claim.claim, ok: false, mayPower: false },
          say: `${claim.name} was not allowed.`,
        };
      case 'x':
        this.open = [{ ...first, mayPower: !mayPower }, ...this.open.slice(1)];
        return { say: powerWords(!mayPower) };
      case 'h':
        if (!asksHistory) return {};
        this.open = [{ ...first, history: !history }, ...this.open.slice(1)];
        return { say: historyWords(!history) };
      default:
        return {};
    }
  }

  private pressAsk({ ask }: Ask, key: string): Pressed {
    if (key !== 'y' && key !== 'n') return {};
    this.next();
    const ok = key === 'y';
    return { request: { do: 'answer', ask: ask.ask, ok }, say: ok ? 'Allowed, once.' : 'Not allowed.' };
  }

  private next(): void {
    this.open = this.open.slice(1);
  }
}

const powerWords = (mayPower: boolean): string => `power switches from this phone: ${mayPower ? 'yes' : 'no'} [x]`;

const historyWords = (history: boolean): string => `this phone reads older errands: ${history ? 'yes' : 'no'} [h]`;

function claimWords({ claim, mayPower, history }: OpenClaim): string {
  const { name, digits } = claim;
  const older = claim.history === undefined ? '' : `   ${historyWords(history)}`;
  return `${name} wants to control this computer. It shows ${digits}. Allow? [a] allow  [d] deny   ${powerWords(mayPower)}${older}`;
}

async function askWords({ text, ask }: Ask): Promise<string> {
  const actions = await Promise.all(ask.actions.map((action) => actionWords(action)));
  return [
    `"${short(text)}" asks to:`,
    ...actions.map((action) => `  ${action}`),
    `${oneLine(ask.why)}  Allow once? [y] yes  [n] no`,
  ].join('\n');
}
