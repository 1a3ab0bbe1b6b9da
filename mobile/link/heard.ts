import * as z from 'zod/mini';
import { downSchema } from '../../edge/protocol/down.ts';
import { eventSchema, happeningSchema } from '../../edge/protocol/event.ts';

interface Newer {
  readonly kind: 'newer';
}
const NEWER: Newer = { kind: 'newer' };

interface Kinded {
  readonly shape: { readonly kind: { readonly def: { readonly values: readonly unknown[] } } };
}
const kindsOf = (options: readonly Kinded[]): ReadonlySet<unknown> =>
  new Set(options.flatMap((option) => option.shape.kind.def.values));

/** Something whose kind this version does not know, reduced to that. */
const newerThan = (known: ReadonlySet<unknown>) =>
  z.pipe(
    z.looseObject({ kind: z.string().check(z.refine((kind) => !known.has(kind))) }),
    z.transform(() => NEWER),
  );

/** An event whose happening is newer keeps its place in the chain of events. */
const newerEventSchema = z.object({ ...eventSchema.shape, what: newerThan(kindsOf(happeningSchema.def.options)) });

/**
 * What a phone hears: all of the desktop's words, and with grace those of a newer desktop. A known kind that is malformed
 * still rejects.
 */
export const heardSchema = z.union([downSchema, newerEventSchema, newerThan(kindsOf(downSchema.def.options))]);
export type Heard = z.infer<typeof heardSchema>;
export type HeardEvent = Extract<Heard, { kind: 'event' }>;

/** The events of the past in one body, each with its JSON as it was sealed first. What is no event is left out. */
export function pastEvents({ events }: Extract<Heard, { kind: 'past' }>): { event: HeardEvent; json: string }[] {
  return events.flatMap((json) => {
    const heard = readHeard(json);
    return heard?.kind === 'event' ? [{ event: heard, json }] : [];
  });
}

function readHeard(json: string): Heard | undefined {
  try {
    return heardSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
