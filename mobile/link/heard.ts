import * as z from 'zod/mini';
import { downSchema, presenceSchema, seenSchema, type Seen } from '../../edge/protocol/down.ts';
import { eventSchema, happeningSchema } from '../../edge/protocol/event.ts';
import type { Fate } from '../../edge/protocol/task.ts';

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

/** A word where this version knows a list of words: read only where the list does not have it. */
const wordFor = <T>(instead: T) =>
  z.pipe(
    z.string(),
    z.transform(() => instead),
  );

/** A task stands still, or is over, whatever the reason: that must not wait for an update. */
const newerStateSchema = z.object({
  kind: z.literal('state'),
  state: z.discriminatedUnion('is', [
    z.object({ is: z.literal('parked'), why: wordFor<'other'>('other'), until: z.optional(z.int()) }),
    z.object({ is: z.literal('ended'), fate: wordFor<Fate>('unknown'), why: z.optional(z.string()) }),
  ]),
});

/** What is wrong with a value that is well made, and that a newer version means something by. */
const NEWER_ISSUES: ReadonlySet<string> = new Set(['invalid_union', 'invalid_value', 'unrecognized_keys']);

function isNewer(what: unknown): boolean {
  const { error } = happeningSchema.safeParse(what);
  return error !== undefined && error.issues.every(({ code }) => NEWER_ISSUES.has(code));
}

const newerHappeningSchema = z.pipe(
  z.looseObject({ kind: z.string() }).check(z.refine(isNewer)),
  z.transform(() => NEWER),
);

/** An event whose happening is newer keeps its place in the chain of events: one that is refused would leave a gap for ever. */
const newerEventSchema = z.object({
  ...eventSchema.shape,
  what: z.union([newerStateSchema, newerHappeningSchema]),
});

/** `idle` says nothing but that the desktop is there, as long as it gives signs of life. */
const newerSeenSchema = z.object({
  ...seenSchema.shape,
  presence: z.union([presenceSchema, wordFor<Seen['presence']>('idle')]),
  lid: z.union([seenSchema.shape.lid, wordFor<Seen['lid']>('unknown')]),
});

/**
 * What a phone hears: all of the desktop's words, and with grace those of a newer desktop. A known kind that is malformed
 * still rejects.
 */
export const heardSchema = z.union([
  downSchema,
  newerEventSchema,
  newerSeenSchema,
  newerThan(kindsOf(downSchema.def.options)),
]);
export type Heard = z.infer<typeof heardSchema>;
export type HeardEvent = Extract<Heard, { kind: 'event' }>;
/** Where a task stands, as its desktop said. */
export type HeardState = Extract<HeardEvent['what'], { kind: 'state' }>['state'];

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
