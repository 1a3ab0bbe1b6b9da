import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { controlAddress } from './control/control-address.ts';
import { serveControl } from './control/control-server.ts';
import { openKept } from './control/kept.ts';
import { RUN_VARIABLE, writeRecord } from './control/leftovers.ts';
import { takeLock } from './control/lock.ts';
import { becomeSubreaper } from './control/subreaper.ts';
import { Supervisor } from './control/supervise.ts';
import { systemProcesses } from './control/system-processes.ts';
import { workerStarter } from './control/worker-process.ts';
import { startHelper } from './power/helper.ts';
import { powerSourceFor } from './power/power-source-for.ts';
import { runCommand } from './power/run-command.ts';

/*
 * The supervisor: no network, no keys. It keeps the worker running while the power contract allows, and holds the control socket.
 */

const REAP_MS = 30_000;
/** The answer to `quit` has left by then. */
const LAST_WORDS_MS = 50;

const { env, pid, platform } = process;
process.umask(0o077);
const data = env.ERRAND_DATA ?? join(homedir(), '.errand');
mkdirSync(data, { recursive: true, mode: 0o700 });

const lock = takeLock(join(data, 'supervisor.lock'));
if (lock === undefined) {
  process.stderr.write(`Errand already runs on ${data}. \`errand status\` shows it, \`errand quit\` ends it.\n`);
  process.exit(1);
}
const held = lock;

const deskSchema = z.object({
  name: z.string(),
  relay: z.nullable(z.object({ url: z.string() })),
  app: z.nullable(z.string()),
});

function desk() {
  try {
    const { name, relay, app } = deskSchema.parse(JSON.parse(readFileSync(join(data, 'config.json'), 'utf8')));
    return { name, relay: relay?.url ?? null, app };
  } catch {
    // Not set up yet.
    return { name: hostname(), relay: null, app: null };
  }
}

const recordFile = join(data, 'worker.json');
const run = randomUUID();
const processes = systemProcesses({
  platform,
  mine: pid,
  subreaper: becomeSubreaper(platform),
  run: runCommand,
  signal: (target, signal) => void process.kill(target, signal),
});
await processes.endLeftovers(recordFile);

let worker = 0;
const start = workerStarter({
  command: process.execPath,
  args: [env.ERRAND_WORKER ?? join(import.meta.dirname, 'worker.ts')],
  cwd: data,
  env: { ...env, ERRAND_DATA: data, [RUN_VARIABLE]: run },
  logFile: join(data, 'worker.log'),
  started(started) {
    worker = started;
    writeRecord(recordFile, { run, pid: started, started: processes.startOf(started) });
  },
  endFamily: (root) => processes.end(root),
});

const server = await serveControl({
  address: controlAddress({ data, platform }),
  platform,
  handle: (request, terminal) => supervisor.handle(request, terminal),
});

const supervisor: Supervisor = new Supervisor({
  clock: {
    wallMs: () => Date.now(),
    after(ms, then) {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
  },
  kept: openKept(join(data, 'supervisor.json')),
  start,
  source: powerSourceFor({
    platform,
    env,
    uid: process.getuid?.() ?? 0,
    bun: process.execPath,
    run: runCommand,
    startHelper,
    now: () => performance.now(),
  }),
  mine: pid,
  desk,
  broadcast: (notice) => server.broadcast(notice),
  quit: () => setTimeout(() => void leave(), LAST_WORDS_MS),
});

setInterval(() => processes.collect(worker), REAP_MS);

async function leave(): Promise<void> {
  await supervisor.close();
  await server.close();
  // Named here, so that the lock is reachable, and thereby held, until the end.
  held.release();
  process.exit(0);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => void leave());
