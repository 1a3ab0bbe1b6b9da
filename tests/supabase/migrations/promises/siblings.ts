import { expect } from 'bun:test';
import { FREE, NONE, call, device, own, refused, submit, text, unmoved } from './calls.ts';
import { A, B } from './people.ts';
import { refusedWith, type Promised, type Tx } from './promise.ts';

/* A call that is right reaches what it names, and nothing beside it. */

const [a, b] = [text(A.user), text(B.user)];
const OTHER = 'o-phone'.padEnd(43, '-');

/** One more phone of A. */
const withSecondPhone = (tx: Tx): Promise<unknown> => tx`
  insert into private.devices (kid, owner, kind, name, sig, ek, enc) values (${OTHER}, ${A.user}, 'phone', 'second', '{}', 'e', '{}')`;

const pull = call('relay_pull', text(A.machine), text(A.desktop), NONE, '10', '9');

/** A's desktop says something urgent to A's phone. */
const says = (more: { collapse?: string } = {}) =>
  submit({
    as: [text(A.machine), text(A.desktop), NONE],
    sender: A.desktop,
    to: A.phone,
    kind: 'evt',
    urgent: true,
    ...more,
  });

async function works(tx: Tx, work: (tx: Tx) => Promise<unknown>): Promise<void> {
  expect(await refusedWith(tx, work)).toBeUndefined();
}

export const SIBLINGS: readonly Promised[] = [
  own('a device is known by its own name', async (tx) => {
    for (const kid of [A.phone, A.desktop, B.phone, B.desktop]) {
      const [row] = await tx<{ found: { kid: string } }[]>`select relay_device(${kid}) as found`;
      expect(row?.found.kid).toBe(kid);
    }
    const [row] = await tx`select relay_device('nobody') as found`;
    expect(row?.['found']).toBeNull();
  }),
  own('a session that is bound to a phone is no other phone any more, and no other is touched', async (tx) => {
    await withSecondPhone(tx);
    const sessions = `select kid, session_id from private.devices where owner = '${B.user}' order by kid`;
    await unmoved(tx, sessions, call('relay_bind', a, text(A.phone), text(B.session)));
    await unmoved(tx, sessions, call('relay_bind', a, text(OTHER), text(A.session)));
    const fresh = crypto.randomUUID();
    await unmoved(
      tx,
      `select session_id from private.devices where kid = '${A.phone}'`,
      call('relay_bind', a, text(OTHER), text(fresh)),
    );
    await tx`select relay_bind(${A.user}, ${OTHER}, ${A.session})`;
    const bound = await tx<{ kid: string }[]>`select kid from private.devices where session_id = ${A.session}`;
    expect(bound.map(({ kid }) => kid)).toEqual([OTHER]);
  }),
  own('a pull leases what waits for this device, and says nothing of others', async (tx) => {
    await tx`insert into private.deliveries (kid, envelope, sender) values (${A.phone}, ${A.envelope}, ${A.desktop})`;
    await unmoved(tx, `select * from private.deliveries where kid <> '${A.desktop}' order by kid`, pull);
    await unmoved(tx, `select kid, last_seen from private.devices where kid <> '${A.desktop}' order by kid`, pull);
    const [row] = await tx<{ pulled: { envelopes: { id: string }[]; more: boolean } }[]>`
      select relay_pull(${A.machine}, ${A.desktop}, null, 10, 9) as pulled`;
    expect([row?.pulled.envelopes.map(({ id }) => id), row?.pulled.more]).toEqual([[A.envelope], false]);
  }),
  own("a newer envelope replaces its own sender's older one, and nobody else's", async (tx) => {
    await tx`update private.deliveries set collapse = 'live', kid = ${A.phone} where kid = ${A.desktop}`;
    const waiting = `select * from private.deliveries where envelope = '${A.envelope}'`;
    await unmoved(tx, waiting, says({ collapse: 'live' }));
    await works(tx, says({ collapse: 'live' }));
  }),
  own('what is taken from one recipient stays for the other', async (tx) => {
    await tx`insert into private.deliveries (kid, envelope, sender) values (${A.phone}, ${A.envelope}, ${A.desktop})`;
    const stop = call('relay_stop', a, text(A.desktop), NONE, FREE);
    await unmoved(tx, `select * from private.deliveries where kid = '${A.phone}'`, stop);
    await unmoved(tx, `select id, body from private.envelopes order by id`, stop);
    await works(tx, stop);
  }),
  own("a full queue of one desktop is no other's", async (tx) => {
    await tx`delete from private.deliveries where kid = ${A.desktop}`;
    const task = (queue: number) => submit({ as: [a, NONE, text(A.session)], sender: A.phone, to: A.desktop, queue });
    await works(tx, task(1));
    await refused(tx, 'quota.exceeded', task(0));
  }),
  own('an urgent envelope wakes its recipient, and nobody else', async (tx) => {
    await tx`delete from private.pushes`;
    await says()(tx);
    const pushes = await tx<{ kid: string }[]>`select kid from private.pushes`;
    expect(pushes.map(({ kid }) => kid)).toEqual([A.phone]);
  }),
  own('a push is sent once, and tells how many wait for its own phone', async (tx) => {
    await tx`update private.pushes set next_at = now() where kid = ${A.phone}`;
    await tx`delete from private.pushes where kid = ${B.phone}`;
    const take = async (): Promise<unknown> => (await tx`select relay_take_pushes(10) as taken`)[0]?.['taken'];
    expect(await take()).toMatchObject({ pushes: [{ waiting: 0 }] });
    await tx`update private.pushes set state = 'sent', next_at = now()`;
    expect(await take()).toEqual({ pushes: [], next: null });
    await tx`update private.pushes set next_at = now() + interval '1 hour'`;
    expect(await take()).toEqual({ pushes: [], next: null });
  }),
  own('a browser that became another phone is woken as that one only', async (tx) => {
    await withSecondPhone(tx);
    await tx`select relay_put_push(${OTHER}, ${A.endpoint}, 'p', 'a')`;
    await tx`select relay_put_push(${OTHER}, ${A.endpoint}, 'p', 'a')`;
    const woken = await tx<
      { kid: string }[]
    >`select kid from private.push_subscriptions where endpoint = ${A.endpoint}`;
    expect(woken.map(({ kid }) => kid)).toEqual([OTHER]);
  }),
  own('a device that is revoked takes back what it asked for, and nothing else', async (tx) => {
    const revoke = call('relay_revoke', a, text(A.phone));
    await unmoved(tx, `select * from private.deliveries where kid = '${B.desktop}'`, revoke);
    await unmoved(tx, `select id, body from private.envelopes where owner = '${B.user}'`, revoke);
    await tx`select relay_revoke(${A.user}, ${A.phone})`;
    expect((await tx`select from private.deliveries where kid = ${A.desktop}`).count).toBe(0);
  }),
  own('a claim, a yes and a no are about one pairing', async (tx) => {
    const others = (pid: string): string => `select * from private.pairings where pid <> '${pid}' order by pid`;
    const reopen = "update private.pairings set state = 'open', owner = null, claim = null, phone = null where pid = ";
    const moves = async (work: (tx: Tx) => Promise<unknown>): Promise<void> => {
      await works(tx, work);
      await unmoved(tx, others(B.pairing), work);
    };
    await moves(call('relay_confirm', text(B.pairing), text('claim'), text(B.machine), NONE));
    await moves(call('relay_refuse', text(B.pairing), text('claim')));
    await tx.unsafe(`${reopen} '${B.pairing}'`);
    await moves(call('relay_claim', text(B.pairing), b, text('c'), device(B.phone, 'phone'), FREE));
  }),
  own('one claim is taken: another of the same person is not, nor the same when it is over', async (tx) => {
    const claim = (words: string) =>
      call('relay_claim', text(B.pairing), b, text(words), device(B.phone, 'phone'), FREE);
    await works(tx, claim('claim'));
    await refused(tx, 'pairing.claimed', claim('another'));
    await tx`update private.pairings set state = 'confirmed'`;
    await refused(tx, 'pairing.claimed', claim('claim'));
  }),
  own('a recovery code that is given back is this one', async (tx) => {
    await tx`insert into private.recovery_codes (owner, hash) values (${A.user}, ${'i'.repeat(43)})`;
    await tx`update private.recovery_codes set used_at = now()`;
    await tx`select relay_return_recovery(${A.user}, ${'i'.repeat(43)})`;
    const left = await tx<{ hash: string }[]>`select hash from private.recovery_codes where used_at is null`;
    expect(left.map(({ hash }) => hash)).toEqual(['i'.repeat(43)]);
  }),
];
