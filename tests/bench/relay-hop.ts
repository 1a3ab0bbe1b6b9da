import { join } from 'node:path';
import { listenForPokes } from '../../mobile/link/pokes.ts';
import { parseEnvelope } from '../../edge/protocol/envelope.ts';
import { superuser } from '../../supabase/local/postgres/cluster.ts';
import { connect, type Sql } from '../../supabase/local/postgres/connect.ts';
import { sealed, tokenOf, type Pair } from '../support/paired.ts';
import { until } from '../support/until.ts';
import { quantile } from './measure.ts';
import type { RunningStack } from '../support/running-stack.ts';

const HOPS = 150;
/** The relay lets a desktop send 20 events a second. */
const PAUSE_MS = 55;

/** An event on its way from desktop to phone: submitted, stored durably, poked, pulled. */
async function hop(pair: Pair, poked: () => Promise<void>): Promise<number> {
  const envelope = await sealed(pair.desktop.identity, [pair.phone.identity]);
  const { id } = parseEnvelope(envelope).header;
  const began = performance.now();
  const ring = poked();
  // The receiver is another machine: it pulls when it is rung, whether or not the sender has its answer yet.
  const posted = pair.desktop.relay.postEnvelope(envelope);
  await ring;
  const { envelopes } = await pair.phone.relay.pull({ max: 10, epoch: 1 });
  const took = performance.now() - began;
  await posted;
  if (!envelopes.some((each) => each.id === id)) throw new Error('the poke came before the row');
  await pair.phone.relay.ack(envelopes.map((each) => ({ id: each.id, leaseNo: each.leaseNo })));
  return took;
}

/** What the disk and PostgreSQL alone take: one row committed, in the same database. */
async function bareCommit(sql: Sql): Promise<number> {
  const began = performance.now();
  await sql`insert into private.bench (x) values ('x')`;
  return performance.now() - began;
}

export async function measureRelayHop(stack: RunningStack, pair: Pair, data: string): Promise<Record<string, number>> {
  let ring: () => void = () => undefined;
  let online = false;
  const stop = await listenForPokes({
    url: `${stack.url}/realtime/v1`,
    publishableKey: stack.publishableKey,
    kid: pair.phone.identity.device.kid,
    token: () => tokenOf(pair.phone.supabase),
    onPoke: () => ring(),
    onLine: (connected) => (online = connected),
  });
  await until(() => online, Boolean);
  const sql = connect(`postgresql://${superuser}@localhost/errand?host=${join(data, 'postgres', 'run')}`, { max: 1 });
  await sql`create table if not exists private.bench (x text)`;
  const hops: number[] = [];
  const commits: number[] = [];
  try {
    for (let i = 0; i < HOPS + 10; i++) {
      const took = await hop(pair, () => new Promise((resolve) => (ring = resolve)));
      const commit = await bareCommit(sql);
      if (i >= 10) {
        hops.push(took);
        commits.push(commit);
      }
      await Bun.sleep(PAUSE_MS);
    }
  } finally {
    await sql`drop table private.bench`;
    await sql.end();
    await stop();
  }
  return {
    relay_hop_p50_ms: quantile(hops, 0.5),
    relay_hop_p99_ms: quantile(hops, 0.99),
    bare_commit_p50_ms: quantile(commits, 0.5),
  };
}
