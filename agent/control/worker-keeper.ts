import type { Clock } from '../power/monitor.ts';
import type { StartWorker, Worker } from './worker-process.ts';

/**
 * From the order to end until the kill. With the half second between two looks at the lid this keeps the power contract: nothing
 * of the worker is left two seconds after the lid closed.
 */
const END_LIMIT_MS = 1_400;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** A worker that lived this long has not crashed "again". */
const HEALTHY_MS = 60_000;

export type Farewell = { presence: string; why: string };

export type WorkerState =
  | { is: 'off' }
  | { is: 'on'; worker: Worker; since: number }
  | { is: 'ending'; worker: Worker; gone: Promise<void>; done: () => void; spare: () => void }
  /** it ended by itself: `count` times in a row; started again in `waitMs` */
  | { is: 'crashed'; count: number; how: string; waitMs: number; cancel: () => void };

export type WorkerKeeping = {
  start: StartWorker;
  clock: Clock;
  endLimitMs?: number;
  onMessage: (message: unknown) => void;
  /** must not throw */
  onChange: (state: WorkerState) => void;
};

/** At most one worker at a time: a new one starts when nothing of the one before is left. */
export class WorkerKeeper {
  private readonly keeping: WorkerKeeping;
  private wanted = false;
  private crashes = 0;
  private state: WorkerState = { is: 'off' };

  constructor(keeping: WorkerKeeping) {
    this.keeping = keeping;
  }

  now(): WorkerState {
    return this.state;
  }

  /** From now on there shall be a worker. */
  run(): void {
    this.wanted = true;
    if (this.state.is === 'off') this.launch();
  }

  /** From now on there shall be none. Settles when nothing of it is left. */
  async end(farewell: Farewell): Promise<void> {
    this.wanted = false;
    const { state } = this;
    switch (state.is) {
      case 'off':
        return;
      case 'ending':
        return state.gone;
      case 'on':
        return this.order(state.worker, farewell);
      case 'crashed':
        state.cancel();
        return this.become({ is: 'off' });
    }
  }

  private become(next: WorkerState): void {
    this.state = next;
    this.keeping.onChange(next);
  }

  private launch(): void {
    const since = this.keeping.clock.wallMs();
    const worker = this.keeping.start({
      message: this.keeping.onMessage,
      exit: (how) => void worker.kill().then(() => this.exited(how, since)),
    });
    this.become({ is: 'on', worker, since });
  }

  private order(worker: Worker, farewell: Farewell): Promise<void> {
    const { clock, endLimitMs = END_LIMIT_MS } = this.keeping;
    const { promise, resolve } = Promise.withResolvers<void>();
    const spare = clock.after(endLimitMs, () => void worker.kill());
    this.become({ is: 'ending', worker, gone: promise, done: resolve, spare });
    worker.send({ order: 'end', ...farewell });
    return promise;
  }

  private exited(how: string, since: number): void {
    const { state } = this;
    const { clock } = this.keeping;
    if (state.is === 'ending') {
      state.spare();
      this.crashes = 0;
      this.become({ is: 'off' });
      state.done();
      if (this.wanted) this.launch();
      return;
    }
    this.crashes = clock.wallMs() - since >= HEALTHY_MS ? 1 : this.crashes + 1;
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** (this.crashes - 1), LONGEST_RETRY_MS);
    const cancel = clock.after(waitMs, () => this.launch());
    this.become({ is: 'crashed', count: this.crashes, how, waitMs, cancel });
  }
}
