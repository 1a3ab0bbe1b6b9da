import type { Clock } from '../power/monitor.ts';
import type { ReplyFrame, RequestFrame } from './frames.ts';

export type WorkerCalls = {
  /** Waits until a worker is ready, asks it, and gives its reply. Must not throw. */
  call(request: RequestFrame): Promise<ReplyFrame>;
  replied(id: number, reply: ReplyFrame): void;
  /** A worker can answer from now on: `send` reaches it. */
  ready(send: (message: unknown) => void): void;
  /** No worker can answer any more. What it was asked is answered with an error. */
  gone(): void;
};

/** A worker starts in well under a second; a machine under load may take longer. */
const PATIENCE_MS = 20_000;

const GONE: ReplyFrame = {
  is: 'error',
  code: 'worker.gone',
  message: 'The agent stopped working before it answered. `errand status` says why.',
};
const SLOW: ReplyFrame = {
  is: 'error',
  code: 'worker.not-ready',
  message: 'The agent does not answer. `errand status` says where it stands; try again in a moment.',
};

type Waiting = { request: RequestFrame; answer: (reply: ReplyFrame) => void };

export function workerCalls(clock: Clock): WorkerCalls {
  const asked = new Map<number, (reply: ReplyFrame) => void>();
  const held = new Set<Waiting>();
  let send: ((message: unknown) => void) | undefined;
  let next = 1;

  function ask({ request, answer }: Waiting): void {
    if (send === undefined) return;
    const id = next++;
    asked.set(id, answer);
    send({ id, request });
  }

  function hold(waiting: Waiting): void {
    held.add(waiting);
    clock.after(PATIENCE_MS, () => {
      if (held.delete(waiting)) waiting.answer(SLOW);
    });
  }

  return {
    call: (request) =>
      new Promise((answer) => {
        if (send === undefined) hold({ request, answer });
        else ask({ request, answer });
      }),
    replied(id, reply) {
      asked.get(id)?.(reply);
      asked.delete(id);
    },
    ready(sendNow) {
      send = sendNow;
      for (const waiting of held) ask(waiting);
      held.clear();
    },
    gone() {
      send = undefined;
      for (const answer of asked.values()) answer(GONE);
      asked.clear();
    },
  };
}
