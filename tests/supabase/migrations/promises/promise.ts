import postgres, { type TransactionSql } from 'postgres';
import type { Sql } from '../../../../supabase/local/postgres/connect.ts';

export type Tx = TransactionSql;

/** What must be true of a database with the migrations, as a check that throws. It may change what it likes: nothing of it stays. */
export interface Promised {
  readonly sentence: string;
  /** Somebody tries to break it; otherwise the catalogue is read. */
  readonly attack: boolean;
  readonly holds: (tx: Tx) => Promise<void>;
}

class Undone extends Error {}

/** Runs `work` in a transaction that is rolled back. */
export async function undone(sql: Sql, work: (tx: Tx) => Promise<void>): Promise<void> {
  await sql
    .begin(async (tx) => {
      await work(tx);
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
}

/** The same inside a transaction, which goes on as if nothing had been. */
export async function aside<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  const kept: T[] = [];
  await tx
    .savepoint(async (inner) => {
      kept.push(await work(inner));
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  const [result] = kept;
  // oxlint-disable-next-line typescript/consistent-type-assertions -- it was pushed, or the error above was thrown
  return result as T;
}

/** The SQLSTATE that a statement ends with, or the message of its `raise`; undefined when it ends well. */
export async function refusedWith(tx: Tx, work: (tx: Tx) => Promise<unknown>): Promise<string | undefined> {
  const { code, message } = (await failureOf(tx, work)) ?? {};
  return code === 'P0001' ? message : code;
}

/** PostgreSQL's error, when there is one. */
export async function failureOf(
  tx: Tx,
  work: (tx: Tx) => Promise<unknown>,
): Promise<{ code: string; message: string } | undefined> {
  try {
    await aside(tx, work);
    return undefined;
  } catch (error) {
    if (error instanceof postgres.PostgresError) return error;
    throw error;
  }
}
