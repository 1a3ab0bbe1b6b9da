import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, kill } from 'node:process';
import { createInterface } from 'node:readline';
import { type ChildProcess, spawn } from 'node:child_process';
import { RelayError, relayClient } from '../../../edge/mailbox/relay-client.ts';
import { record } from '../../support/evidence.ts';
import { chance } from '../../support/faults-chance.ts';
import { paired, sealed, type End, type RelayPlace } from '../../support/paired.ts';
import { until } from '../../support/until.ts';

/* The whole stack as it really runs, killed with its PostgreSQL while sixteen devices write to each other. */

setDefaultTimeout(600_000);

const PAIRS = 8;
/** Envelopes that each device gets acknowledged. */
const EACH = 60;
const ALL = PAIRS * 2 * EACH;
/** At so many acknowledged envelopes, and a moment later. */
const KILLS = [120, 280, 440, 600, 760];
const LONGEST_MOMENT = 60;

const folder = mkdtempSync(join(tmpdir(), 'errand-killed-'));
const main = join(import.meta.dirname, '../../../supabase/local/main.ts');
let running: Running | undefined;
afterAll(async () => {
  if (running) await killAll(running);
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly publishableKey: string;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

async function start(port: number): Promise<Running> {
  const child = spawn(execPath, [main, '--data', folder, '--port', String(port)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { ready } = JSON.parse(line) as { ready?: { url: string; publishableKey: string } };
    if (ready) return { child, ...ready };
  }
  throw new Error('the stack ended before it was ready');
}

const serverPid = (): number => Number.parseInt(readFileSync(join(folder, 'postgres/data/postmaster.pid'), 'utf8'), 10);

function isAlive(pid: number): boolean {
  try {
    kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The stack and its PostgreSQL, at the same moment, without a chance to finish anything. */
async function killAll({ child }: Running): Promise<void> {
  const server = serverPid();
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  kill(server, 'SIGKILL');
  await gone;
  await until(
    () => isAlive(server),
    (alive) => !alive,
  );
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Sends these bytes again and again until the relay says that it has them. */
async function postUntilTaken({ relay }: End, compact: string): Promise<string> {
  for (;;) {
    try {
      return (await relay.postEnvelope(compact)).id;
    } catch (error) {
      if (!(error instanceof RelayError) || !error.passing) throw error;
      await wait(50);
    }
  }
}

/** All that waits for a device, by id: twice is an error. */
async function fetchAll({ relay }: End): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (;;) {
    const { envelopes } = await relay.pull({ max: 100, epoch: 1 });
    if (envelopes.length === 0) return found;
    for (const { id, envelope } of envelopes) {
      if (found.has(id)) throw new Error(`${id} came twice`);
      found.set(id, envelope);
    }
    await relay.ack(envelopes.map(({ id, leaseNo }) => ({ id, leaseNo })));
  }
}

test('what was acknowledged is there, once and unchanged, after five kills of the stack with its PostgreSQL', async () => {
  const port = await freePort();
  running = await start(port);
  const { url, publishableKey } = running;
  const place: RelayPlace = {
    url,
    publishableKey,
    client: (token = () => Promise.resolve(undefined)) =>
      relayClient({ url: `${url}/functions/v1/relay`, publishableKey, fetch: (at, init) => fetch(at, init), token }),
  };
  const pairs = [];
  for (let n = 0; n < PAIRS; n++) pairs.push(await paired(place));

  let count = 0;
  const taken = new Map<End, Map<string, string>>();
  async function write(from: End, to: End): Promise<void> {
    const mine = new Map<string, string>();
    taken.set(to, mine);
    const k = from.identity.device.kind === 'phone' ? 'ctl' : 'evt';
    for (let n = 0; n < EACH; n++) {
      const compact = await sealed(
        from.identity,
        [to.identity],
        { k },
        JSON.stringify({ n, filler: 'x'.repeat(n * 20) }),
      );
      mine.set(await postUntilTaken(from, compact), compact);
      count += 1;
    }
  }
  async function killAgainAndAgain(): Promise<void> {
    const moments = chance(16);
    for (const at of KILLS) {
      await until(
        () => count,
        (now) => now >= at,
      );
      await wait(moments.below(LONGEST_MOMENT));
      if (running) await killAll(running);
      running = await start(port);
    }
  }
  const writers = pairs.flatMap(({ phone, desktop }) => [write(phone, desktop), write(desktop, phone)]);
  await Promise.all([...writers, killAgainAndAgain()]);

  let [lost, altered, others] = [0, 0, 0];
  for (const [to, mine] of taken) {
    const found = await fetchAll(to);
    for (const [id, compact] of mine) {
      if (!found.has(id)) lost += 1;
      else if (found.get(id) !== compact) altered += 1;
    }
    others += [...found.keys()].filter((id) => !mine.has(id)).length;
  }
  record({
    is: 'faults',
    run: 'relay and database killed while 16 devices write',
    tasks: ALL,
    injected: KILLS.length,
    lost,
    repeated: 0,
  });
  expect({ count, lost, altered, others }).toEqual({ count: ALL, lost: 0, altered: 0, others: 0 });
});
