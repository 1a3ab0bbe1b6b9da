import { decidePower, type WhyNot } from '../power/decide-power.ts';
import { type Clock, type PowerMonitor, watchPower } from '../power/monitor.ts';
import type { PowerSource, PowerState } from '../power/power-source.ts';
import type { Terminal } from './control-server.ts';
import { type NoticeFrame, type ReplyFrame, type RequestFrame, workerFrameSchema } from './frames.ts';
import type { Kept } from './kept.ts';
import { openNotices } from './open-notices.ts';
import type { Pulse } from './pulse.ts';
import { farewell, type Standing, standing } from './standing.ts';
import { workerCalls } from './worker-calls.ts';
import { WorkerKeeper, type WorkerState } from './worker-keeper.ts';
import type { StartWorker } from './worker-process.ts';

export type Supervision = {
  clock: Clock;
  kept: Kept;
  start: StartWorker;
  source: PowerSource;
  endLimitMs?: number;
  pollMs?: number;
  /** the supervisor's own process id */
  mine: number;
  /** read anew for every status: the owner may have edited the configuration */
  desk(): { name: string; relay: string | null; app: string | null };
  broadcast(notice: NoticeFrame): void;
  /** everything is ended, and the answer to `quit` is on its way */
  quit(): void;
};

const DONE: ReplyFrame = { is: 'done' };
/** A status that waits for a hung worker would hide the very thing it is asked for. */
const STATUS_MS = 2_000;
const QUIT = { presence: 'stopped-by-owner', why: 'Quit at the desk. `errand up` starts it again.' };

/** Keeps a worker running exactly while the power contract allows it, and stands between it and the desk. */
export class Supervisor {
  private readonly calls;
  private readonly keeper: WorkerKeeper;
  private readonly monitor: PowerMonitor;
  private readonly open = openNotices();
  private pulse: Pulse | undefined;
  private off: WhyNot | undefined;
  /** Where an offer is on the screen: a worker that starts anew has to make one again. */
  private readonly offering = new Set<Terminal>();
  private lid: PowerState['lid'] = 'unknown';
  private told: { standing: Standing; at: number } | undefined;
  /** Whoever starts the supervisor is at the desk: the idle time begins anew. */
  private lastWord: number;
  private readonly with: Supervision;

  constructor(supervision: Supervision) {
    this.with = supervision;
    const { clock, start, source, endLimitMs, pollMs } = supervision;
    this.calls = workerCalls(clock);
    this.lastWord = clock.wallMs();
    this.keeper = new WorkerKeeper({
      start,
      clock,
      ...(endLimitMs === undefined ? {} : { endLimitMs }),
      onMessage: (message) => this.hear(message),
      onChange: (state) => this.workerChanged(state),
    });
    this.monitor = watchPower({
      source: { read: async () => this.seen(await source.read()), close: () => source.close() },
      clock,
      ...(pollMs === undefined ? {} : { pollMs }),
      circumstances: () => this.circumstances(),
      onDecision: (_, state) => this.settle(state),
    });
  }

  /** Must not throw. */
  async handle(request: RequestFrame, terminal: Terminal): Promise<ReplyFrame> {
    switch (request.do) {
      case 'status':
        return { is: 'status', status: await this.status() };
      case 'attach':
        terminal.attach();
        for (const notice of this.open.all()) terminal.tell(notice);
        return DONE;
      case 'up':
        this.with.kept.change({ stopped: false, stay: request.stay === true });
        this.deskWord();
        return DONE;
      case 'stop':
        this.with.kept.change({ stopped: true });
        this.settle();
        await this.keeper.end(farewell('stopped-by-owner', 0));
        return DONE;
      case 'quit':
        await this.close();
        this.with.quit();
        return DONE;
      default:
        return this.forward(request, terminal);
    }
  }

  /** Ends the worker and stops watching. */
  async close(): Promise<void> {
    this.monitor.close();
    await this.keeper.end(QUIT);
  }

  private circumstances() {
    const { stopped, stay, settings } = this.with.kept.read();
    const lastWord = Math.max(this.lastWord, this.pulse?.lastPhoneWord ?? 0);
    return {
      settings: { ...settings, stay },
      activity: {
        runningTask: this.pulse?.runningTask ?? false,
        lastWordFromPhoneMs: this.with.clock.wallMs() - lastWord,
        stoppedByOwner: stopped,
      },
    };
  }

  private seen(state: PowerState): PowerState {
    if (state.lid !== this.lid) {
      this.lid = state.lid;
      this.tellLid();
    }
    return state;
  }

  private tellLid(): void {
    const state = this.keeper.now();
    if (state.is === 'on') state.worker.send({ lid: this.lid });
  }

  /** Brings the worker in line with the power contract as things stand now. Before the first look at the machine it does nothing. */
  private settle(state = this.monitor.latest()): void {
    if (state === undefined) return;
    const decision = decidePower({ state, ...this.circumstances() });
    this.off = decision.run ? undefined : decision.why;
    if (decision.run) this.keeper.run();
    else void this.keeper.end(farewell(decision.why, this.with.kept.read().settings.idleMinutes));
    this.tellStanding();
  }

  private deskWord(): void {
    this.lastWord = this.with.clock.wallMs();
    this.settle();
  }

  private async forward(request: RequestFrame, terminal: Terminal): Promise<ReplyFrame> {
    this.deskWord();
    if (request.do === 'unpair') {
      this.offering.delete(terminal);
      // Another terminal shows the same offer: whoever opens that link must not wait for ever.
      if (this.isOffering()) return DONE;
    }
    this.open.asked(request);
    if (this.off === undefined) {
      if (request.do === 'pair') this.offering.add(terminal);
      return this.calls.call(request);
    }
    const { why } = farewell(this.off, this.with.kept.read().settings.idleMinutes);
    return { is: 'error', code: 'worker.off', message: why };
  }

  private isOffering(): boolean {
    return [...this.offering].some((terminal) => terminal.isOpen());
  }

  private hear(message: unknown): void {
    const frame = workerFrameSchema.safeParse(message).data;
    if (frame === undefined) return;
    if ('reply' in frame) this.calls.replied(frame.id, frame.reply);
    else if ('notice' in frame) this.pass(frame.notice);
    else this.felt(frame.pulse);
  }

  private pass(notice: NoticeFrame): void {
    this.open.heard(notice);
    if (notice.say === 'paired') this.offering.clear();
    this.with.broadcast(notice);
  }

  private felt(pulse: Pulse): void {
    const state = this.keeper.now();
    this.with.kept.change({ settings: pulse.settings });
    if (state.is !== 'on') return;
    const wasReady = this.pulse?.ready === true;
    this.pulse = pulse;
    if (pulse.ready && !wasReady) {
      this.calls.ready((message) => state.worker.send(message));
      this.tellLid();
      if (this.isOffering()) void this.offerAgain();
    }
    this.settle();
  }

  private async offerAgain(): Promise<void> {
    const { is, ...offer } = await this.calls.call({ do: 'pair' });
    if (is === 'offer') this.pass({ say: 'offer', ...offer });
  }

  private workerChanged(state: WorkerState): void {
    if (state.is !== 'on') {
      this.calls.gone();
      this.open.forget();
      this.pulse = undefined;
    }
    this.tellStanding();
  }

  private standing(): Standing {
    const { idleMinutes } = this.with.kept.read().settings;
    return standing({ worker: this.keeper.now(), kept: this.off, pulse: this.pulse, idleMinutes });
  }

  private tellStanding(): void {
    const now = this.standing();
    const before = this.told?.standing;
    if (before?.presence === now.presence && before.why === now.why) return;
    this.told = { standing: now, at: this.with.clock.wallMs() };
    this.with.broadcast({ say: 'presence', ...now });
  }

  private async status(): Promise<Record<string, unknown>> {
    const state = this.keeper.now();
    const worker = await this.workerStatus();
    return {
      ...this.standing(),
      since: this.told?.at ?? this.with.clock.wallMs(),
      ...this.with.desk(),
      kid: worker?.kid ?? null,
      settings: this.with.kept.read().settings,
      pids: { supervisor: this.with.mine, worker: state.is === 'on' ? state.worker.pid : null },
      worker: worker ?? null,
    };
  }

  private async workerStatus(): Promise<Record<string, unknown> | undefined> {
    if (this.pulse?.ready !== true) return undefined;
    const silence = new Promise<undefined>((resolve) => this.with.clock.after(STATUS_MS, () => resolve(undefined)));
    const reply = await Promise.race([this.calls.call({ do: 'status' }), silence]);
    return reply?.is === 'worker-status' && typeof reply.status === 'object' ? { ...reply.status } : undefined;
  }
}
