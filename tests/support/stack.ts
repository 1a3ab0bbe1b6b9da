import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../supabase/local/postgres/connect.ts';
import type { Sql } from '../../supabase/local/postgres/connect.ts';
import { startStack } from '../../supabase/local/stack.ts';
import type { Stack, StackOptions } from '../../supabase/local/stack.ts';
import { sharedCluster } from './stack-cluster.ts';

export type TestStack = Stack & {
  dataDir: string;
  /** What the stack said at the desk. */
  said: string[];
  /** A superuser's client on this stack's database, ended by `stop`. */
  sql: Sql;
};

type Options = Partial<StackOptions>;

const migrationsDir = join(import.meta.dirname, '../../supabase/migrations');

const unlimited = 1_000_000;

/**
 * A whole embedded stack on a free port, with the product's migrations unless told otherwise, no functions
 * unless given, and no limits by address. Its database is its own, a copy inside a PostgreSQL that all
 * stacks of the process share. `stop` removes everything it made.
 */
export async function testStack(options: Options = {}): Promise<TestStack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'errand-stack-'));
  const said: string[] = [];
  const migrations = options.migrationsDir ?? migrationsDir;
  const database = options.databaseUrl === undefined ? await sharedCluster.copyDatabase(migrations) : undefined;
  const cleanUp = async (): Promise<void> => {
    await database?.drop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  const stack = await startStack({
    dataDir,
    databaseUrl: database?.url,
    port: 0,
    migrationsDir: migrations,
    functions: () => ({}),
    log: (line) => void said.push(line),
    limits: { sign: unlimited, verify: unlimited, refresh: unlimited, factor: unlimited },
    ...options,
  }).catch(async (error: unknown) => {
    await cleanUp();
    throw error;
  });
  const sql = connect(stack.databaseUrl, { max: 2 });
  const stop = async (): Promise<void> => {
    await sql.end({ timeout: 1 });
    await stack.stop();
    await cleanUp();
  };
  return { ...stack, dataDir, said, sql, stop };
}
