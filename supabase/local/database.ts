import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster, superuser } from './postgres/cluster.ts';
import type { Cluster } from './postgres/cluster.ts';
import { connect } from './postgres/connect.ts';
import type { Sql } from './postgres/connect.ts';
import { migrate } from './migrate.ts';

export type Db = {
  url: string;
  /** The stack's own work: accounts and the probe of Realtime's policies. */
  admin: Sql;
  /** Calls from outside. Holds no right but to become the caller's role. */
  api: Sql;
  /** Sessions that are the relay's from their start: its calls need no transaction around them to become that. */
  service: Sql;
  /** Resolves when the built-in server has ended; never for one of DATABASE_URL. */
  ended: Promise<number>;
  stop: () => Promise<void>;
};

type Options = {
  dataDir: string;
  databaseUrl: string | undefined;
  migrationsDir: string;
};

const name = 'errand';
const prelude = join(import.meta.dirname, 'prelude');

/** Starts the database, or connects to the one given, and brings its schema up to date. */
export async function openDatabase({ dataDir, databaseUrl, migrationsDir }: Options): Promise<Db> {
  const cluster = databaseUrl === undefined ? await startCluster({ folder: join(dataDir, 'postgres') }) : undefined;
  const stopCluster = async (): Promise<void> => cluster?.stop();
  try {
    const url = databaseUrl ?? (await ownDatabase(cluster));
    await prepareDatabase(url, migrationsDir);
    return connected(url, cluster);
  } catch (error) {
    await stopCluster();
    throw error;
  }
}

/** Also makes the template that tests copy their databases from. */
export async function prepareDatabase(url: string, migrationsDir: string): Promise<void> {
  const sql = connect(url, { max: 1 });
  try {
    await migrate(sql, { folder: prelude, ledger: 'errand_prelude', role: superuser });
    if (existsSync(migrationsDir)) {
      await migrate(sql, { folder: migrationsDir, ledger: 'supabase_migrations', role: 'postgres' });
    }
  } finally {
    await sql.end();
  }
}

async function ownDatabase(cluster: Cluster | undefined): Promise<string> {
  if (!cluster) throw new Error('There is no database to connect to.');
  const sql = connect(cluster.urlOf('postgres'), { max: 1 });
  try {
    const found = await sql`select from pg_database where datname = ${name}`;
    if (found.length === 0) await sql`create database ${sql(name)}`;
  } finally {
    await sql.end();
  }
  return cluster.urlOf(name);
}

function connected(url: string, cluster: Cluster | undefined): Db {
  // An idle session costs 3 MB: sessions beyond the steady load end after a minute.
  // While the database is away a call is to be refused soon, not after the library's pauses, which grow to 20 seconds.
  const shared = { idle_timeout: 60, max_lifetime: null, backoff: () => 0.1 };
  const search = '"$user", public, extensions';
  const admin = connect(url, { ...shared, max: 4, connection: { search_path: search } });
  const api = connect(url, { ...shared, max: 3, connection: { search_path: search, role: 'authenticator' } });
  const service = connect(url, {
    ...shared,
    max: 5,
    connection: {
      search_path: search,
      role: 'service_role',
      'request.jwt.claims': JSON.stringify({ role: 'service_role' }),
      statement_timeout: 8000,
      // Else PostgreSQL plans anew, at every call, whatever has an array for a parameter.
      plan_cache_mode: 'force_generic_plan',
    },
  });
  return {
    url,
    admin,
    api,
    service,
    ended: cluster?.exited ?? new Promise(() => undefined),
    stop: async () => {
      await Promise.all([admin, api, service].map((sql) => sql.end({ timeout: 2 })));
      await cluster?.stop();
    },
  };
}
