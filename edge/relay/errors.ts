import type { ErrorHandler } from 'hono';
import { routePath } from 'hono/route';
import { WIRE_ERRORS, type WireError, type WireErrorCode } from '../protocol/error.ts';
import type { RelayDeps, RelayEnv } from './deps.ts';

/** The caller is told `code` and nothing else. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: WireErrorCode;
  /** Seconds to wait before the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(code: WireErrorCode, retryAfter?: number) {
    super(WIRE_ERRORS[code].message);
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export const isWireErrorCode = (code: string): code is WireErrorCode => Object.hasOwn(WIRE_ERRORS, code);

/** Every failure becomes one of the wire's codes here. What is not a {@link Refusal} is the relay's own fault and goes to the log. */
export function answerError({ log, now }: RelayDeps): ErrorHandler<RelayEnv> {
  return (error, c) => {
    const refusal = error instanceof Refusal ? error : new Refusal('relay.internal');
    // The name and the route only: a message could quote what was sent.
    if (refusal !== error) log({ event: 'relay.failed', route: routePath(c), error: error.name });
    return answer(refusal, now());
  };
}

/** Their body is still on its way: nothing more is read of this line. */
const UNREAD: ReadonlySet<WireErrorCode> = new Set(['request.too-large', 'request.too-slow']);

export function answer({ code, message, retryAfter }: Refusal, now: number): Response {
  const body: WireError = {
    error: {
      code,
      message,
      ...(code === 'clock.skew' ? { now } : {}),
      ...(retryAfter === undefined ? {} : { retryAfter }),
    },
  };
  const headers = {
    ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
    ...(UNREAD.has(code) ? { connection: 'close' } : {}),
  };
  return Response.json(body, { status: WIRE_ERRORS[code].status, headers });
}
