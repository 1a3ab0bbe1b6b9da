import { expect } from 'bun:test';
import { FREE, NONE, call, device, devicesOf, own, refused, submit, text, unmoved } from './calls.ts';
import { A, B } from './people.ts';
import { refusedWith, type Promised, type Tx } from './promise.ts';

/* Whatever A asks the relay for, it asks the database with A's own names. These are the calls with B's in their place. */

const [a, b] = [text(A.user), text(B.user)];

const theirs =
  (name: string, code: string, ...args: readonly string[]) =>
  async (tx: Tx): Promise<void> => {
    await refused(tx, code, call(name, ...args));
    await unmoved(tx, devicesOf(B.user), call(name, ...args));
  };

export const OWNERS: readonly Promised[] = [
  own("the list of devices holds none of another account's", async (tx) => {
    const [row] = await tx<{ list: { kid: string }[] }[]>`select relay_devices(${A.user}, 60) as list`;
    expect(row?.list.map(({ kid }) => kid).toSorted()).toEqual([A.desktop, A.phone]);
  }),
  own("nobody revokes another account's device", theirs('relay_revoke', 'device.unknown', a, text(B.desktop))),
  own("nobody stops another account's desktop", theirs('relay_stop', 'device.unknown', a, text(B.desktop), NONE, FREE)),
  own('nobody stops a phone', theirs('relay_stop', 'device.unknown', b, text(B.phone), NONE, FREE)),
  own(
    "nobody binds a session to another account's phone",
    theirs('relay_bind', 'device.unknown', a, text(B.phone), text(A.session)),
  ),
  own(
    "nobody takes a session away from another account's phone",
    theirs('relay_bind', 'device.unknown', a, text('x'), text(B.session)),
  ),
  own(
    'nobody binds a session to a desktop',
    theirs('relay_bind', 'device.unknown', b, text(B.desktop), text(A.session)),
  ),
  own(
    "nobody registers another account's device",
    theirs('relay_register', 'device.owned', a, device(B.desktop, 'desktop'), NONE, NONE),
  ),
  own(
    'nobody registers a phone as a desktop',
    theirs('relay_register', 'device.owned', b, device(B.phone, 'desktop'), NONE, NONE),
  ),
  own(
    "no account is a desktop that is another's",
    theirs('relay_caller', 'device.unknown', text(A.machine), text(B.desktop), NONE),
  ),
  own("no account is a phone by another's session", theirs('relay_caller', 'device.unbound', a, NONE, text(B.session))),
  own('no account is a desktop by naming a phone', async (tx) => {
    await tx`update private.devices set session_id = null, machine_user = null`;
    await refused(tx, 'device.unknown', call('relay_caller', b, text(B.phone), NONE));
  }),
  own("nobody withdraws another device's envelope", async (tx) => {
    await tx`update private.deliveries set lease_no = 0`;
    const withdraw = call('relay_withdraw', text(A.phone), text(B.envelope));
    await refused(tx, 'envelope.unknown', withdraw);
    await unmoved(tx, `select body from private.envelopes where id = '${B.envelope}'`, withdraw);
  }),
  own("nobody pulls what waits for another account's desktop", async (tx) => {
    await refused(tx, 'device.unknown', call('relay_pull', text(A.machine), text(B.desktop), NONE, '10', '9'));
    await unmoved(
      tx,
      `select lease_no from private.deliveries where kid = '${B.desktop}'`,
      call('relay_pull', text(A.machine), text(A.desktop), NONE, '10', '9'),
    );
  }),
  own("nobody acknowledges for another account's desktop", (tx) =>
    unmoved(
      tx,
      `select * from private.deliveries where kid = '${B.desktop}'`,
      call('relay_ack', text(A.machine), text(A.desktop), NONE, `'[{"id":"${B.envelope}","leaseNo":1}]'`),
    ),
  ),
  own("nobody sends to another account's desktop, or as another's phone", async (tx) => {
    const sending = (sender: string, to: string) => submit({ as: [a, NONE, text(A.session)], sender, to });
    await refused(tx, 'envelope.recipient', sending(A.phone, B.desktop));
    await refused(tx, 'device.unbound', sending(B.phone, A.desktop));
    expect(await refusedWith(tx, sending(A.phone, A.desktop))).toBeUndefined();
  }),
  own("nobody claims with another account's phone", async (tx) => {
    await tx`update private.pairings set state = 'open', owner = null, claim = null, phone = null where pid = ${A.pairing}`;
    const claim = (kid: string) => call('relay_claim', text(A.pairing), a, text('c'), device(kid, 'phone'), FREE);
    await refused(tx, 'device.owned', claim(B.phone));
    await refused(tx, 'device.owned', claim(A.desktop));
    expect(await refusedWith(tx, claim(A.phone))).toBeUndefined();
  }),
  own('nobody sees or takes over a pairing that another account claimed', async (tx) => {
    await refused(tx, 'pairing.claimed', call('relay_pairing', text(B.pairing), NONE, a));
    await refused(tx, 'pairing.unknown', call('relay_pairing', text(B.pairing), text('guess'), NONE));
    await refused(
      tx,
      'pairing.claimed',
      call('relay_claim', text(B.pairing), a, text('c'), device(A.phone, 'phone'), FREE),
    );
    // The very same claim, in another account's mouth.
    await refused(
      tx,
      'pairing.claimed',
      call('relay_claim', text(B.pairing), a, text('claim'), device(B.phone, 'phone'), FREE),
    );
  }),
  own('nobody renews an offer without its poll secret, or one that was claimed', async (tx) => {
    const offer = (secret: string) =>
      call('relay_offer', text(B.pairing), `'{}'`, `'{}'`, text(secret), '9999999999', FREE);
    await refused(tx, 'pairing.claimed', offer(`poll-${B.user}`));
    await tx`update private.pairings set state = 'open', owner = null, claim = null, phone = null where pid = ${B.pairing}`;
    await refused(tx, 'pairing.claimed', offer('guess'));
    expect(await refusedWith(tx, offer(`poll-${B.user}`))).toBeUndefined();
  }),
  own('no word is taken about another claim than the one that waits', async (tx) => {
    await refused(tx, 'pairing.unknown', call('relay_confirm', text(B.pairing), text('another'), NONE, NONE));
    await refused(tx, 'pairing.unknown', call('relay_refuse', text(B.pairing), text('another')));
    await tx`update private.pairings set state = 'confirmed' where pid = ${B.pairing}`;
    await refused(tx, 'pairing.unknown', call('relay_confirm', text(B.pairing), text('claim'), NONE, NONE));
    await refused(tx, 'pairing.unknown', call('relay_refuse', text(B.pairing), text('claim')));
  }),
  own("nobody takes another account's push subscription", (tx) =>
    unmoved(
      tx,
      `select * from private.push_subscriptions where kid = '${B.phone}'`,
      call('relay_put_push', text(A.phone), text(B.endpoint), text('p'), text('a')),
    ),
  ),
  own('nobody ends another phone’s pushes', (tx) =>
    unmoved(
      tx,
      `select s.kid, p.state from private.push_subscriptions as s join private.pushes as p using (kid) where kid = '${B.phone}'`,
      call('relay_delete_push', text(A.phone)),
    ),
  ),
  own('nobody spends a number that was given to another desktop', async (tx) => {
    const spent = async (kid: string) =>
      (await tx`select relay_spend_nonce(${kid}, ${B.nonce}) as spent`)[0]?.['spent'];
    expect(await spent(A.desktop)).toBe(false);
    expect(await spent(B.desktop)).toBe(true);
    expect(await spent(B.desktop)).toBe(false);
  }),
  own('no number is given to a phone', (tx) =>
    refused(tx, 'device.unknown', call('relay_give_nonce', text(B.phone), text('n'), FREE)),
  ),
  own("nobody reads another account's part, or crowds it out", async (tx) => {
    const [row] = await tx`select relay_get_blob(${A.user}, ${B.blob}) as data`;
    expect(row?.['data']).toBeNull();
    await unmoved(
      tx,
      `select id from private.blobs where owner = '${B.user}'`,
      call('relay_put_blob', a, text('p'.repeat(22)), text('AAAA'), FREE, '1'),
    );
  }),
  own("nobody spends, sees, replaces or gives back another account's recovery codes", async (tx) => {
    await tx`insert into private.recovery_codes (owner, hash) values (${B.user}, ${'i'.repeat(43)})`;
    const code = text('i'.repeat(43));
    const [row] = await tx<{ left: { left: number } }[]>`select relay_recovery(${A.user}) as left`;
    expect(row?.left.left).toBe(1);
    const mine = `select * from private.recovery_codes where owner = '${B.user}' order by hash`;
    await unmoved(tx, mine, call('relay_make_recovery', a, "'{}'", NONE, FREE));
    const [spent] = await tx`select relay_spend_recovery(${A.user}, ${'i'.repeat(43)}, '[]') as spent`;
    expect(spent?.['spent']).toBe(false);
    await unmoved(tx, devicesOf(B.user), call('relay_spend_recovery', a, text('h'.repeat(43)), FREE));
    await tx`update private.recovery_codes set used_at = now()`;
    await unmoved(tx, mine, call('relay_return_recovery', a, code));
  }),
  own('no key is followed by another but the one that is registered, and no phone’s', async (tx) => {
    await refused(tx, 'device.proof', call('relay_rotate', text(B.desktop), text('other'), text('new'), `'{}'`));
    await refused(tx, 'device.proof', call('relay_rotate', text(B.phone), text('e'), text('new'), `'{}'`));
  }),
];
