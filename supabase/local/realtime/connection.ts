import { admit, prefix, readmit } from './channel.ts';
import type { Channel, ChannelDeps } from './channel.ts';
import type { Message } from './doorbell.ts';
import { readFrame, writeFrame } from './frames.ts';
import type { Frame, Version } from './frames.ts';

type Options = {
  deps: ChannelDeps;
  version: Version;
  /** Milliseconds after which a socket without a channel is ended. Hosted does so after ten minutes. */
  patience: number;
  send: (text: string) => void;
  /** Ends the socket. */
  end: () => void;
};

// Hosted's limit.
const mostChannels = 100;
/** Characters of messages that may wait for their turn. A client that says more than is handled is not listening. */
const mostWaiting = 1_000_000;
/** What a waiting message costs beyond its text. */
const perMessage = 500;

/** One client's socket, without the socket: text in, text out. */
export class Connection {
  readonly #channels = new Map<string, Channel>();
  readonly #options: Options;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #over = false;
  /** When it last had a channel. */
  #listened: number;

  constructor(options: Options) {
    this.#options = options;
    this.#listened = options.deps.clock();
  }

  /** Handles messages one after the other. Does not reject: what is no frame is dropped. */
  receive(text: string): Promise<void> {
    const size = text.length + perMessage;
    if (this.#waiting + size > mostWaiting) this.#options.end();
    else {
      this.#waiting += size;
      this.#turn = this.#turn
        .then(() => (this.#over ? undefined : this.#handle(readFrame(text, this.#options.version))))
        .catch(() => undefined)
        .finally(() => (this.#waiting -= size));
    }
    return this.#turn;
  }

  /** The socket is gone: what still waits for its turn is dropped. */
  over(): void {
    this.#over = true;
  }

  /** Sends a message of the database to this client's channel of that topic, if it has one. */
  deliver({ id, topic, event, payload }: Message): void {
    const channel = this.#channels.get(prefix + topic);
    if (!channel) return;
    if (this.#expired(channel)) return this.#close(channel, 'Token has expired');
    this.#push({
      joinRef: null,
      ref: null,
      topic: channel.topic,
      event: 'broadcast',
      payload: { type: 'broadcast', event, payload, meta: { id } },
    });
  }

  /** Closes the channels whose token has expired, and a socket that has had none for too long: bytes of an endless frame keep it open. */
  expire(): void {
    const now = this.#options.deps.clock();
    if (this.#channels.size > 0) this.#listened = now;
    else if (now - this.#listened > this.#options.patience) this.#options.end();
    for (const channel of this.#channels.values()) {
      if (this.#expired(channel)) this.#close(channel, 'Token has expired');
    }
  }

  async #handle(frame: Frame): Promise<void> {
    if (frame.topic === 'phoenix' && frame.event === 'heartbeat') return this.#reply(frame, 'ok');
    if (frame.event === 'phx_join') return this.#join(frame);
    const channel = this.#channels.get(frame.topic);
    if (!channel) return this.#refuse(frame, 'unmatched topic');
    switch (frame.event) {
      case 'access_token':
        return this.#refresh(channel, frame.payload);
      case 'phx_leave':
        this.#channels.delete(frame.topic);
        return this.#reply(frame, 'ok');
      // A write that no policy allows gets no answer on hosted either, and here none is ever allowed.
      case 'broadcast':
        return undefined;
      default:
        return this.#refuse(frame, `${frame.event} is not offered by the embedded stack`);
    }
  }

  async #join(frame: Frame): Promise<void> {
    const { topic, joinRef, payload } = frame;
    // As in Phoenix, a second join ends the first, whatever becomes of it.
    this.#channels.delete(topic);
    if (this.#channels.size >= mostChannels) return this.#refuse(frame, 'ChannelRateLimitReached: Too many channels');
    const admission = await admit(this.#options.deps, topic, payload);
    if (admission.kind === 'refused') return this.#refuse(frame, admission.reason);
    this.#channels.set(topic, { topic, joinRef, claims: admission.claims });
    this.#reply(frame, 'ok', { postgres_changes: [] });
  }

  async #refresh(channel: Channel, payload: unknown): Promise<void> {
    const admission = await readmit(this.#options.deps, channel.topic, payload);
    if (admission?.kind === 'admitted') this.#channels.set(channel.topic, { ...channel, claims: admission.claims });
    if (admission?.kind === 'refused') this.#close(channel, admission.reason);
  }

  // A client that is told phx_close does not come back by itself; one whose join is refused tries again.
  #close({ topic, joinRef }: Channel, message: string): void {
    this.#channels.delete(topic);
    const payload = { extension: 'system', status: 'error', message, channel: topic.slice(prefix.length) };
    this.#push({ joinRef, ref: null, topic, event: 'system', payload });
    this.#push({ joinRef, ref: null, topic, event: 'phx_close', payload: {} });
  }

  #expired({ claims }: Channel): boolean {
    return claims.exp * 1000 <= this.#options.deps.clock();
  }

  #refuse(frame: Frame, reason: string): void {
    this.#reply(frame, 'error', { reason });
  }

  #reply({ joinRef, ref, topic }: Frame, status: 'ok' | 'error', response: Record<string, unknown> = {}): void {
    this.#push({ joinRef, ref, topic, event: 'phx_reply', payload: { status, response } });
  }

  #push(frame: Frame): void {
    this.#options.send(writeFrame(frame, this.#options.version));
  }
}
