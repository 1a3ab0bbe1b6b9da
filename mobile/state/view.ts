import type { Action, Ask } from '../../edge/protocol/ask.ts';
import type { Device } from '../../edge/protocol/device.ts';
import type { Seen } from '../../edge/protocol/down.ts';
import type { Happening } from '../../edge/protocol/event.ts';
import type { Grant } from '../../edge/protocol/grant.ts';
import type { Settings } from '../../edge/protocol/settings.ts';
import type { FaultCode } from '../link/fault.ts';
import type { HeardState } from '../link/heard.ts';
import type { Peer } from '../link/records.ts';

/** Where a task is, in words a person can check: on this phone, at the relay, or as its desktop last said. */
export type TaskStanding =
  | { readonly is: 'here' }
  | { readonly is: 'relay' }
  | { readonly is: 'unsent'; readonly why: string }
  | { readonly is: 'withdrawn' }
  | { readonly is: 'received' }
  | HeardState;

export type StepView = Omit<Extract<Happening, { kind: 'step' }>, 'kind'>;
export type ResultView = Omit<Extract<Happening, { kind: 'result' }>, 'kind'>;

export interface AskView {
  readonly ask: Ask;
  /** What the bytes really hold; undefined when this version cannot read one of them, and so must not answer. */
  readonly actions: readonly { readonly action: Action; readonly digest: string }[] | undefined;
  /** `sent`: answered on this phone, the desktop has not confirmed it yet. */
  readonly answer: { readonly ok: boolean; readonly by: string | undefined } | undefined;
}

/** `gap`: an event is missing and was asked for again. `altered`: an event does not follow from the one before it. */
export type Chain = 'whole' | 'gap' | 'altered';

export interface TaskView {
  readonly id: string;
  readonly thread: string;
  readonly desktop: string;
  readonly text: string;
  readonly grants: readonly Grant[];
  readonly files: readonly string[];
  readonly script: string | undefined;
  /** Who asked, when it was not this phone. */
  readonly from: string | undefined;
  /** Unix milliseconds. */
  readonly at: number;
  readonly lastAt: number;
  readonly standing: TaskStanding;
  readonly cancelling: boolean;
  readonly plan: readonly string[];
  readonly steps: readonly StepView[];
  readonly notes: readonly string[];
  readonly asks: readonly AskView[];
  readonly result: ResultView | undefined;
  /** The answer while it is being written. */
  readonly live: string | undefined;
  readonly chain: Chain;
  /** The desktop said something that only a newer version of this app can show. */
  readonly newer: boolean;
  /** How many events are here without a gap: what a sync names. */
  readonly have: number;
}

export interface ThreadView {
  readonly id: string;
  readonly desktop: string;
  readonly title: string;
  readonly tasks: readonly TaskView[];
  readonly lastAt: number;
}

export interface DesktopView extends Peer {
  readonly seen: Seen | undefined;
  /** Switches set here that the desktop has not confirmed yet. */
  readonly wanted: Settings | undefined;
  /** Unix milliseconds: the newest sign of life, the desktop's own or the relay's. */
  readonly lastSeen: number | undefined;
}

export type PairingView =
  | { readonly is: 'none' }
  | { readonly is: 'looking' }
  | { readonly is: 'compare'; readonly desktop: string; readonly digits: string }
  | { readonly is: 'paired'; readonly desktop: string }
  | { readonly is: 'failed'; readonly why: FaultCode };

/** `renew`: a code stood in for the password; a new one is due. */
export type Stage = 'loading' | 'signed-out' | 'enrol' | 'factor' | 'renew' | 'ready';

export interface CodesView {
  /** Saved, or not wanted: nobody is asked again. */
  readonly settled: boolean;
  /** How many are left; undefined until asked. */
  readonly left: number | undefined;
}

/** `refused`: the relay answered, but not as hoped; `why` says what to do. */
export type LineView =
  | { readonly is: 'unknown' }
  | { readonly is: 'reached' }
  | { readonly is: 'unreached' }
  | { readonly is: 'refused'; readonly why: FaultCode };

export interface DeviceRow {
  readonly kid: string;
  readonly kind: Device['kind'];
  readonly name: string;
  readonly createdAt: number;
  readonly lastSeen: number | null;
}

/** All that screens show. A new object at each change; parts that did not change are the same objects. */
export interface PhoneView {
  readonly stage: Stage;
  /** Signed out: whose session ended here without that person's doing, else empty. */
  readonly email: string;
  readonly codes: CodesView;
  readonly me: Device | undefined;
  /** A pairing link that waits for the second factor. */
  readonly link: string | undefined;
  readonly pairing: PairingView;
  readonly line: LineView;
  readonly desktops: readonly DesktopView[];
  readonly threads: readonly ThreadView[];
  /** All devices of the account, as the relay lists them; undefined until asked. */
  readonly devices: readonly DeviceRow[] | undefined;
}
