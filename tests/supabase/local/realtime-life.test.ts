import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RealtimeChannel, SupabaseClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import { parseEnvelope } from '../../../edge/protocol/envelope.ts';
import { pokeTopic } from '../../../edge/protocol/poke.ts';
import { loadKeys } from '../../../supabase/local/keys.ts';
import { listenForPokes } from '../../../mobile/link/pokes.ts';
import { attack } from '../../support/evidence.ts';
import { bind, paired, sealed, tokenOf, type End, type Pair } from '../../support/paired.ts';
import { relayStack, type RelayStack } from '../../support/relay-stack.ts';
import { runStack } from '../../support/running-stack.ts';
import { claimsOf, codeOf, newClient, password, type Factor } from '../../support/stack-people.ts';
import { until } from '../../support/until.ts';

/* The doorbell of devices over the whole life of a channel: a stack that dies, a device that is revoked, a session that is not a device any more. */

setDefaultTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

interface Heard {
  readonly channel: RealtimeChannel;
  readonly status: string[];
  readonly closed: string[];
  pokes: number;
}

async function listen({ supabase, identity }: End): Promise<Heard> {
  cleanUps.push(() => supabase.realtime.disconnect());
  await supabase.realtime.setAuth();
  const channel = supabase.channel(pokeTopic(identity.device.kid), { config: { private: true } });
  const heard: Heard = { channel, status: [], closed: [], pokes: 0 };
  channel
    .on('broadcast', { event: 'poke' }, () => void heard.pokes++)
    .on('system', {}, (payload: { message: string }) => void heard.closed.push(payload.message))
    .subscribe((status) => void heard.status.push(status));
  await until(
    () => heard.status,
    (all) => all.length > 0,
  );
  return heard;
}

/** Resolves when the stack has handled everything this client said, and this client has heard everything said before. */
async function handled(client: SupabaseClient): Promise<void> {
  const beats: string[] = [];
  client.realtime.onHeartbeat((status) => void beats.push(status));
  await client.realtime.sendHeartbeat();
  await until(
    () => beats,
    (all) => all.includes('ok'),
  );
}

async function stackWithPair(): Promise<{ stack: RelayStack; pair: Pair }> {
  const stack = await relayStack();
  cleanUps.push(() => stack.stop());
  return { stack, pair: await paired(stack) };
}

const send = async ({ phone, desktop }: Pair): Promise<string> => {
  const envelope = await sealed(desktop.identity, [phone.identity]);
  await desktop.relay.postEnvelope(envelope);
  return parseEnvelope(envelope).header.id;
};

test('after a crash of the stack a phone is back by itself, and a pull brings what it was not rung for', async () => {
  const data = mkdtempSync(join(tmpdir(), 'errand-life-'));
  cleanUps.push(() => rmSync(data, { recursive: true, force: true }));
  const before = await runStack(data);
  cleanUps.push(() => before.kill());
  // oxlint-disable-next-line typescript/consistent-type-assertions -- the ceremony needs an address and clients, not the whole stack
  const pair = await paired(before as unknown as RelayStack);
  const { phone } = pair;
  let pokes = 0;
  const line: boolean[] = [];
  const stop = await listenForPokes({
    url: `${before.url}/realtime/v1`,
    publishableKey: before.publishableKey,
    kid: phone.identity.device.kid,
    token: () => tokenOf(phone.supabase),
    onPoke: () => void pokes++,
    onLine: (connected) => void line.push(connected),
  });
  cleanUps.push(stop);
  await until(
    () => line.at(-1),
    (online) => online === true,
  );
  const stored = await send(pair);
  await until(
    () => pokes,
    (rung) => rung === 1,
  );

  await before.kill();
  const after = await runStack(data, Number(new URL(before.url).port));
  cleanUps.push(() => after.stop());
  const missed = await send(pair);
  await until(
    () => line,
    (all) => all.includes(false) && all.at(-1) === true,
  );
  const { envelopes } = await phone.relay.pull({ max: 10, epoch: 1 });
  expect(envelopes.map(({ id }) => id)).toEqual([stored, missed]);
  const rung = pokes;
  await send(pair);
  await until(
    () => pokes,
    (all) => all > rung,
  );
});

describe('a device that is one no more', () => {
  attack('the doorbell', 'hears nothing from then on, and its next word about its token ends the channel', async () => {
    const { stack, pair } = await stackWithPair();
    const { desktop, phone } = pair;
    const heard = await listen(desktop);
    const { exp, ...claims } = claimsOf(await tokenOf(desktop.supabase));
    await phone.relay.postEnvelope(await sealed(phone.identity, [desktop.identity]));
    await until(
      () => heard.pokes,
      (rung) => rung === 1,
    );
    await phone.relay.revokeDevice(desktop.identity.device.kid);
    const another = await paired(stack, pair);
    await phone.relay.postEnvelope(await sealed(phone.identity, [another.desktop.identity]));
    await handled(desktop.supabase);
    expect(heard.pokes).toBe(1);
    // Auth gives it no other token any more; realtime-js sends one only when it is another.
    const { sign, kid } = await loadKeys(stack.dataDir);
    const good = { ...claims, exp: Number(exp) + 1 };
    await desktop.supabase.realtime.setAuth(
      await new SignJWT(good).setProtectedHeader({ alg: 'ES256', kid }).sign(sign),
    );
    await until(
      () => heard.status,
      (all) => all.includes('CLOSED'),
    );
    expect(heard.closed).toEqual([expect.stringContaining('Unauthorized') as string]);
  });

  attack('the doorbell', 'and asks anew with the token it still holds is not let in', async () => {
    const { pair } = await stackWithPair();
    const { desktop, phone } = pair;
    await phone.relay.revokeDevice(desktop.identity.device.kid);
    const heard = await listen(desktop);
    expect(heard.status[0]).toBe('CHANNEL_ERROR');
  });

  attack('the doorbell', 'because its phone signed in elsewhere is sent away when its token is renewed', async () => {
    const { stack, pair } = await stackWithPair();
    const { phone, person } = pair;
    const heard = await listen(phone);
    const later = newClient(stack);
    await later.auth.signInWithPassword({ email: person.email, password });
    // oxlint-disable-next-line typescript/consistent-type-assertions -- `paired` signs up owners, who have one
    const { factor } = person as unknown as { factor: Factor };
    const entered = await later.auth.mfa.challengeAndVerify({
      factorId: factor.id,
      code: codeOf(factor, Date.now() + 30_000),
    });
    if (entered.error) throw entered.error;
    const relay = stack.client(() => tokenOf(later));
    await bind(relay, phone.identity, later);
    await phone.supabase.auth.refreshSession();
    await phone.supabase.realtime.setAuth();
    await until(
      () => heard.status,
      (all) => all.includes('CLOSED'),
    );
  });
});
