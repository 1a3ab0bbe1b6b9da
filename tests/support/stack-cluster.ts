import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDatabase } from '../../supabase/local/database.ts';
import { startCluster } from '../../supabase/local/postgres/cluster.ts';
import type { Cluster } from '../../supabase/local/postgres/cluster.ts';
import { connect } from '../../supabase/local/postgres/connect.ts';

/** Names a cluster of the parent process and its template, as JSON: starting one takes seconds. */
const LENT = 'ERRAND_TEST_CLUSTER';
/** `url` has this word in the place of a database's name. */
const ANY_DATABASE = 'any_database';

type Lent = { readonly url: string; readonly template: string };
type Database = { url: string; drop: () => Promise<void> };

/** The folder of another PostgreSQL's programs, when a run of the tests names one. */
const other = process.env['ERRAND_TEST_POSTGRES'];

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'errand-pg-'));

const newCluster = (folder: string, { kept }: { kept: boolean }): Promise<Cluster> =>
  startCluster({
    folder,
    durable: kept,
    removeAfter: !kept,
    ...(other === undefined ? {} : { binaries: { initdb: join(other, 'initdb'), postgres: join(other, 'postgres') } }),
  });

/** A migration that is edited while tests run gets a template of its own. */
function fingerprint(folder: string): string {
  if (!existsSync(folder)) return '';
  const texts = readdirSync(folder)
    .toSorted()
    .map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
  return JSON.stringify(texts);
}

/** Runs `statement` in the cluster's first database, for what no transaction may hold. */
async function run(cluster: Pick<Cluster, 'urlOf'>, statement: string): Promise<void> {
  const sql = connect(cluster.urlOf('postgres'), { max: 1 });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/**
 * One PostgreSQL for the process, started when first asked for. It ends with the process, however that ends,
 * and its folder goes with it. A database prepared once is copied for each stack, which takes tens of milliseconds.
 */
class SharedCluster {
  #cluster: Promise<Cluster> | undefined;
  readonly #templates = new Map<string, Promise<string>>();
  #count = 0;
  /** Copies are made one at a time: PostgreSQL refuses a template somebody else is connected to. */
  #turn: Promise<unknown> = Promise.resolve();

  async copyDatabase(migrationsDir: string): Promise<Database> {
    this.#cluster ??= newCluster(newFolder(), { kept: false });
    const cluster = await this.#cluster;
    const key = fingerprint(migrationsDir);
    const known = this.#templates.get(key) ?? this.#prepare(cluster, migrationsDir);
    this.#templates.set(key, known);
    const template = await known;
    const name = `copy_${(this.#count += 1)}`;
    await this.#alone(() => run(cluster, `create database ${name} template ${template}`));
    return { url: cluster.urlOf(name), drop: () => run(cluster, `drop database if exists ${name} with (force)`) };
  }

  /** The environment in which another process copies from this one's cluster, as long as this one runs. */
  async lend(migrationsDir: string): Promise<Record<string, string>> {
    const { cluster, template } = await this.#template(migrationsDir);
    return { [LENT]: JSON.stringify({ url: cluster.urlOf(ANY_DATABASE), template } satisfies Lent) };
  }

  async #template(migrationsDir: string): Promise<{ cluster: Pick<Cluster, 'urlOf'>; template: string }> {
    const lent = process.env[LENT];
    if (lent !== undefined) {
      const { url, template } = JSON.parse(lent) as Lent;
      return { cluster: { urlOf: (database) => url.replace(ANY_DATABASE, database) }, template };
    }
    this.#cluster ??= startCluster({
      folder: mkdtempSync(join(tmpdir(), 'errand-pg-')),
      durable: false,
      removeAfter: true,
    });
    const cluster = await this.#cluster;
    const key = fingerprint(migrationsDir);
    const known = this.#templates.get(key) ?? this.#prepare(cluster, migrationsDir);
    this.#templates.set(key, known);
    return { cluster, template: await known };
  }

  #prepare(cluster: Pick<Cluster, 'urlOf'>, migrationsDir: string): Promise<string> {
    return this.#alone(async () => {
      const name = `template_${(this.#count += 1)}`;
      await run(cluster, `create database ${name}`);
      await prepareDatabase(cluster.urlOf(name), migrationsDir);
      return name;
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

export const sharedCluster = new SharedCluster();

/** A PostgreSQL of a test's own, to end and to start again under the same address. Its database is empty. */
export interface OwnCluster {
  readonly url: string;
  /** As a power cut would, but for the disk. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Also removes it. */
  stop(): Promise<void>;
}

export async function ownCluster(): Promise<OwnCluster> {
  const folder = newFolder();
  let cluster = await newCluster(folder, { kept: true });
  await run(cluster, 'create database own');
  return {
    url: cluster.urlOf('own'),
    kill: async () => {
      process.kill(Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10), 'SIGKILL');
      await cluster.exited;
    },
    start: async () => {
      cluster = await newCluster(folder, { kept: true });
    },
    stop: async () => {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
