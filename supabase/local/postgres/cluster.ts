import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { platform } from 'node:process';
import { connect } from './connect.ts';
import { findBinaries } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { bareEnvironment, launch } from './launch.ts';
import type { Launched } from './launch.ts';
import { stopLeftover } from './leftover.ts';
import { chooseRunAs, giveTo } from './run-as.ts';
import type { RunAs } from './run-as.ts';
import { settingArguments } from './settings.ts';
import type { Listen } from './settings.ts';
import { socketFolder } from './socket-folder.ts';

export type Cluster = {
  /** libpq form; name the database with `databaseUrl`. The role is the superuser. */
  urlOf: (database: string) => string;
  /** Resolves when the server has ended, wanted or not. */
  exited: Promise<number>;
  stop: () => Promise<void>;
};

type Options = {
  /** Holds the data, the socket and the log; made with mode 0700. */
  folder: string;
  /** False for tests only: nothing is flushed to disk. */
  durable?: boolean;
  /** True for tests only: the folder is removed when the server ends. */
  removeAfter?: boolean;
  /** Another PostgreSQL's programs; without them those that came with the dependencies. */
  binaries?: Binaries;
};

export const superuser = 'supabase_admin';

/**
 * Starts PostgreSQL on `folder` and resolves when it answers. The caller holds the lock on the folder: a
 * server found running here is a killed stack's, and is ended first.
 */
export async function startCluster(options: Options): Promise<Cluster> {
  const { folder, durable = true, removeAfter = false, binaries = findBinaries() } = options;
  const home = resolve(folder);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  chmodSync(home, 0o700);
  const runAs = chooseRunAs({ home, program: binaries.postgres });
  const data = join(home, 'data');
  if (existsSync(data)) await stopLeftover(data);
  else await initialise({ home, data, binaries, runAs, durable });
  giveTo(runAs.uid, data);
  const listen = chooseListen(home, runAs);
  const server = launch({
    command: [...runAs.prefix, binaries.postgres, '-D', data, ...settingArguments(listen, durable)],
    data,
    logFile: join(home, 'log'),
    removeAfter: removeAfter ? home : undefined,
  });
  const urlOf = (database: string): string => urlFor({ listen, home, database });
  await answering({ url: urlOf('postgres'), server, logFile: join(home, 'log') });
  return { urlOf, exited: server.exited, stop: () => stop(server) };
}

async function stop(server: Launched): Promise<void> {
  server.end();
  await server.exited;
}

const draftPrefix = 'data.new-';

/** Made beside and renamed, so that a kill in the middle leaves nothing that looks like a data folder. */
async function initialise(p: {
  home: string;
  data: string;
  binaries: Binaries;
  runAs: RunAs;
  durable: boolean;
}): Promise<void> {
  dropDrafts(p.home);
  const draft = mkdtempSync(join(p.home, draftPrefix));
  giveTo(p.runAs.uid, draft);
  const password = join(p.home, 'password');
  writeFileSync(password, randomBytes(24).toString('hex'), { mode: 0o600 });
  const initdb = Bun.spawn(
    [
      ...p.runAs.prefix,
      p.binaries.initdb,
      `--pgdata=${draft}`,
      `--username=${superuser}`,
      `--pwfile=${password}`,
      // The socket lies in a folder that only its owner can enter.
      '--auth-local=trust',
      '--auth-host=scram-sha-256',
      '--locale=C',
      '--encoding=UTF8',
      '--no-instructions',
      ...(p.durable ? [] : ['--no-sync']),
    ],
    { stdout: 'ignore', stderr: 'pipe', env: bareEnvironment() },
  );
  const said = await new Response(initdb.stderr).text();
  if ((await initdb.exited) !== 0) {
    // It says why first, and then how it tidied up.
    const why = said.split('\n').find((line) => /\b(error|fatal|could not)\b/i.test(line)) ?? said.trim();
    throw new Error(`PostgreSQL could not make its data folder in ${p.home}: ${why}`);
  }
  renameSync(draft, p.data);
}

/** An initdb whose stack was killed may still be writing: what cannot be removed now is removed another time. */
function dropDrafts(home: string): void {
  for (const name of readdirSync(home).filter((entry) => entry.startsWith(draftPrefix))) {
    try {
      rmSync(join(home, name), { recursive: true, force: true });
    } catch {
      // Its name is never used again, so it is in nobody's way.
    }
  }
}

function chooseListen(home: string, runAs: RunAs): Listen {
  if (platform === 'win32') return { kind: 'tcp', port: freePort() };
  const folder = socketFolder(home);
  giveTo(runAs.uid, folder);
  return { kind: 'socket', folder };
}

function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  probe.stop(true);
  return probe.port;
}

function urlFor({ listen, home, database }: { listen: Listen; home: string; database: string }): string {
  if (listen.kind === 'socket')
    return `postgres://${superuser}@localhost/${database}?host=${encodeURIComponent(listen.folder)}`;
  const password = readFileSync(join(home, 'password'), 'utf8');
  return `postgres://${superuser}:${password}@127.0.0.1:${listen.port}/${database}`;
}

async function answering({ url, server, logFile }: { url: string; server: Launched; logFile: string }): Promise<void> {
  const ended = server.exited.then((code) => {
    throw new Error(`PostgreSQL ended with code ${code} while starting. Its log is ${logFile}.`);
  });
  await Promise.race([ended, untilConnected(url, performance.now() + 60_000)]);
  ended.catch(() => undefined);
}

async function untilConnected(url: string, deadline: number): Promise<void> {
  const sql = connect(url, { max: 1, connect_timeout: 5, backoff: false });
  try {
    for (;;) {
      const failure = await sql`select 1`.then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failure === undefined) return;
      if (performance.now() > deadline)
        throw new Error('PostgreSQL did not answer within a minute.', { cause: failure });
      await Bun.sleep(10);
    }
  } finally {
    await sql.end({ timeout: 1 });
  }
}
