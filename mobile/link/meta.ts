import * as z from 'zod/mini';
import type { Db, Tx } from './db.ts';
import { pairingRecordSchema, relayPlaceSchema } from './records.ts';

interface Cell<T> {
  readonly key: string;
  readonly schema: z.ZodMiniType<T>;
}
const cell = <T>(key: string, schema: z.ZodMiniType<T>): Cell<T> => ({ key, schema });

/** The single values a phone keeps. */
export const META = {
  relay: cell('relay', relayPlaceSchema),
  pairing: cell('pairing', pairingRecordSchema),
  /** A pairing link that waits for sign-up to be over: what stood after its '#'. */
  link: cell('link', z.string()),
  /** The session this phone's key was bound to. */
  bound: cell('bound', z.string()),
  /** Whose session was here last, until that person signed out: signed out without it, the session ended elsewhere. */
  who: cell('who', z.string()),
  /** A code stood in for the password, which is to be chosen anew. */
  renew: cell('renew', z.literal(true)),
  /** `made`: recovery codes were shown here. `settled`: saved, or not wanted. */
  codes: cell('codes', z.enum(['made', 'settled'])),
  /** Unix seconds: nothing that was issued before is taken. */
  notBefore: cell('notBefore', z.int()),
  /** Unix seconds of the last look into the inbox. */
  looked: cell('looked', z.int()),
  /** The push endpoint that the relay knows. */
  push: cell('push', z.string()),
};

export async function getMeta<T>(tx: Tx, { key, schema }: Cell<T>): Promise<T | undefined> {
  const value = await tx.get('meta', key);
  return value === undefined ? undefined : schema.parse(value);
}

export const readMeta = <T>(db: Db, wanted: Cell<T>): Promise<T | undefined> => db.read((tx) => getMeta(tx, wanted));

export const writeMeta = <T>(db: Db, { key }: Cell<T>, value: T): Promise<void> =>
  db.write((tx) => tx.put('meta', key, value));

export const dropMeta = (db: Db, { key }: Cell<unknown>): Promise<void> => db.write((tx) => tx.delete('meta', key));

/** The next number of a counter that starts at 1. */
export async function nextNumber(tx: Tx, counter: 'counter' | 'epoch' | 'seq' | 'rev'): Promise<number> {
  const last = await tx.get('meta', counter);
  const next = (typeof last === 'number' ? last : 0) + 1;
  await tx.put('meta', counter, next);
  return next;
}
