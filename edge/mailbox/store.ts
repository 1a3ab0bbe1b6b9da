import type { Device } from '../protocol/device.ts';
import type { Envelope } from '../protocol/envelope.ts';

/** An envelope that passed every check, with its body. */
export interface Accepted<Body> {
  readonly envelope: Envelope;
  readonly from: Device;
  readonly body: Body;
  /** The body's JSON exactly as sealed: events are hashed as sent. */
  readonly json: string;
}

/** Why a recipient refused an envelope. Recorded, because the relay is not trusted to have checked anything. */
export type Refusal =
  | 'envelope.malformed'
  | 'sender.unknown'
  | 'signature.bad'
  | 'recipient.other'
  | 'time.future'
  | 'time.expired'
  | 'time.before-journal'
  | 'kind.not-allowed'
  | 'body.unreadable'
  | 'body.unknown';

/** The receiving half, over whatever keeps data on this device. */
export interface InboxStore<Body> {
  /** The device of this kid when it is on the local trust list: filled by pairing only, never by the relay. */
  trusted(kid: string): Promise<Device | undefined>;
  /** Unix seconds: envelopes issued before this journal began are refused, so that a wiped journal cannot be replayed into. */
  notBefore(): Promise<number>;
  /** True when this id was taken or refused before, ever. */
  knows(id: string): Promise<boolean>;
  /** Stores id, envelope and all that follows from the body in ONE transaction. The ack follows only after this resolves. */
  take(accepted: Accepted<Body>): Promise<void>;
  /** Records a refusal, so that it can be shown. `id` is the relay's word when the envelope was unreadable. */
  refuse(refused: { id: string; why: Refusal; compact: string }): Promise<void>;
}

/** What a device wants to say. Stored by its owner's transaction; sealed and sent later. */
export interface Draft {
  /** Becomes the envelope's id (and the task's, for k 'task'). */
  readonly id: string;
  readonly k: 'task' | 'ctl' | 'evt';
  readonly json: string;
  /** Recipients by kid; 'all' is every trusted peer at the time of sealing. */
  readonly to: readonly string[] | 'all';
  readonly t?: string;
  readonly u?: true;
  readonly c?: string;
  /** Seconds it may wait for delivery, at most MAX_LIFE. */
  readonly life: number;
  /** Seal again under a new id when it expired undelivered at the relay's door. False for tasks: their id is their name. */
  readonly reseal: boolean;
}

export interface OutboxItem {
  /** The store's own key: order of sending. */
  readonly seq: number;
  readonly draft: Draft;
  /** The sealed bytes and their expiry (Unix seconds), once sealed: sent and sent again unchanged. */
  readonly sealed?: { readonly compact: string; readonly exp: number };
}

/** The sending half. */
export interface OutboxStore {
  /** The oldest items not yet settled, in order. */
  pending(max: number): Promise<readonly OutboxItem[]>;
  peers(): Promise<readonly Device[]>;
  /** The next value of this device's counter. */
  nextCounter(): Promise<number>;
  /** Keeps the sealed bytes before they are sent for the first time. With `id` when the draft was sealed again under another one. */
  keepSealed(seq: number, sealed: { compact: string; exp: number; id: string }): Promise<void>;
  /** The relay has it, or it will never go: then `failed` says why. */
  settle(seq: number, outcome: { at: 'relay' } | { at: 'failed'; why: string }): Promise<void>;
}
