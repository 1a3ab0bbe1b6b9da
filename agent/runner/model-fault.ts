import * as z from 'zod/mini';
import { ModelFault } from './model.ts';

/** An answer that came to a stop, or has no end. */
export class EndlessAnswer extends Error {
  override readonly name = 'EndlessAnswer';
}

/** Errors of the SDK: a broken connection has no status, and one told in the middle of an answer only a type. */
const answerSchema = z.object({
  status: z.optional(z.number()),
  type: z.optional(z.nullable(z.string())),
  apiMessage: z.optional(z.nullable(z.string())),
  headers: z.optional(z.instanceof(Headers)),
});

/** The statuses that belong to the error types of the Messages API (its page "Errors"). */
const STATUS_OF = new Map([
  ['invalid_request_error', 400],
  ['authentication_error', 401],
  ['billing_error', 402],
  ['permission_error', 403],
  ['not_found_error', 404],
  ['request_too_large', 413],
  ['rate_limit_error', 429],
  ['api_error', 500],
  ['overloaded_error', 529],
]);

const AT_DESK = 'with `errand setup` at the desktop, then send the task again.';
const AGAIN = 'It is asked again by itself.';
const TOO_LONG =
  /too long|too large|too many tokens|context (length|window|size)|maximum context|exceeds? .*(context|tokens)/i;
/** No server means longer than this. */
const LONGEST_ASKED_MS = 24 * 3_600_000;

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What a failed turn means, in words for the owner. `server` is where the model is, when it is not the provider's own. */
export function faultOf(error: unknown, server: string | undefined): ModelFault {
  const { data: answered = {} } = answerSchema.safeParse(error);
  const status = answered.status ?? STATUS_OF.get(answered.type ?? '');
  const said = (answered.apiMessage ?? wordsOf(error)).slice(0, 300);
  const who = server === undefined ? 'The model provider' : `The model at ${server}`;
  if (status === undefined) return unreached(error, { who, said, server });
  return (
    lasting(status, who, said) ?? new ModelFault('model.unavailable', passing(status, who), askedFor(answered.headers))
  );
}

function unreached(error: unknown, about: { who: string; said: string; server: string | undefined }): ModelFault {
  const { who, said, server } = about;
  if (error instanceof EndlessAnswer) return new ModelFault('model.unavailable', `${who} ${error.message}. ${AGAIN}`);
  const start = server === undefined ? 'Check the connection of the desktop.' : 'Is it running?';
  const noConnection = error instanceof Error && error.name === 'APIConnectionError';
  return noConnection
    ? new ModelFault('model.unavailable', `${who} cannot be reached. ${start} ${AGAIN}`)
    : new ModelFault('model.unavailable', `${who} broke off, or did not answer as a model does (${said}). ${AGAIN}`);
}

/** What stays as it is until the owner does something, by status. */
const LASTING = new Map<number, (who: string, said: string) => ModelFault>([
  [401, (who) => new ModelFault('model.key', `${who} refused the key. Put in another one ${AT_DESK}`)],
  [402, (who) => noCredit(who)],
  [
    403,
    (who, said) =>
      new ModelFault(
        'model.key',
        `${who} does not allow this with this key or account (${said}). Choose another key or model ${AT_DESK}`,
      ),
  ],
  [404, (who) => new ModelFault('model.unknown', `${who} does not know this model. Choose another ${AT_DESK}`)],
  [413, () => tooLong()],
]);
const PASSING: ReadonlySet<number> = new Set([408, 409, 425, 429]);

function lasting(status: number, who: string, said: string): ModelFault | undefined {
  if (status >= 500 || PASSING.has(status)) return undefined;
  const known = LASTING.get(status);
  if (known) return known(who, said);
  if (/credit balance/i.test(said)) return noCredit(who);
  if (TOO_LONG.test(said)) return tooLong();
  const next = `Send the task again in other words, or choose another model ${AT_DESK}`;
  return new ModelFault('model.rejected', `${who} rejected the request (${said}). ${next}`);
}

const noCredit = (who: string): ModelFault =>
  new ModelFault(
    'model.key',
    `${who} says that the account is out of credit. Add some there, then send the task again.`,
  );

export const tooLong = (): ModelFault =>
  new ModelFault(
    'model.too-long',
    'The task has become too long for the model. Send it in smaller parts: fewer files, or some pages only.',
  );

function passing(status: number, who: string): string {
  if (status === 429) return `${who} has answered as often as it does for now. ${AGAIN}`;
  if (status === 529 || status === 503) return `${who} is overloaded. ${AGAIN}`;
  return `${who} has a fault just now (${status}). ${AGAIN}`;
}

/** Milliseconds of `retry-after` (RFC 9110, section 10.2.3): seconds, or a date, which is taken by the server's own clock. */
function askedFor(headers: Headers | undefined): number | undefined {
  const asked = headers?.get('retry-after');
  if (!asked) return undefined;
  const ms = /^\d/.test(asked) ? Number(asked) * 1000 : Date.parse(asked) - Date.parse(headers?.get('date') ?? '');
  return Number.isFinite(ms) ? Math.min(LONGEST_ASKED_MS, Math.max(0, ms)) : undefined;
}
