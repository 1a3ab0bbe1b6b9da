import type { Tx } from './promise.ts';

/** Two people whose rows are in every table: what A must not see or touch is B's. */
export interface Someone {
  readonly user: string;
  readonly machine: string;
  readonly session: string;
  readonly phone: string;
  readonly desktop: string;
  readonly envelope: string;
  readonly pairing: string;
  readonly blob: string;
  readonly nonce: string;
  readonly endpoint: string;
}

function someone(letter: 'a' | 'b'): Someone {
  const uuid = (n: number): string => `${letter.repeat(8)}-0000-4000-8000-00000000000${n}`;
  const id = (word: string, length: number): string => `${letter}-${word}`.padEnd(length, '-');
  return {
    user: uuid(1),
    machine: uuid(2),
    session: uuid(3),
    phone: id('phone', 43),
    desktop: id('desktop', 43),
    envelope: id('envelope', 22),
    pairing: id('pairing', 22),
    blob: id('blob', 22),
    nonce: id('nonce', 22),
    endpoint: `https://push.example.org/${letter}`,
  };
}

export const A = someone('a');
export const B = someone('b');

/** As a device describes itself. */
export const deviceOf = (kid: string, kind: 'phone' | 'desktop') => ({
  kid,
  kind,
  name: 'x',
  sig: {},
  ek: 'e',
  enc: {},
});

/** Puts both into a database with the migrations. A new table wants its rows here. */
export async function settle(tx: Tx): Promise<void> {
  for (const one of [A, B]) {
    const { user, machine, session, phone, desktop } = one;
    await tx`
      insert into auth.users (id, email, created_at, updated_at)
      values (${user}, ${`${user}@example.org`}, now(), now()), (${machine}, ${`${machine}@device.invalid`}, now(), now())`;
    await tx`
      insert into private.devices (kid, owner, kind, name, sig, ek, enc, session_id, machine_user) values
        (${phone}, ${user}, 'phone', 'Pixel', '{}', 'e', '{}', ${session}, null),
        (${desktop}, ${user}, 'desktop', 'Studio', '{}', 'e', '{}', null, ${machine})`;
    await tx`
      insert into private.envelopes (id, owner, sender, kind, hash, body, exp)
      values (${one.envelope}, ${user}, ${phone}, 'task', '\\x00', 'sealed', now() + interval '1 hour')`;
    await tx`
      insert into private.deliveries (kid, envelope, sender, lease_no) values (${desktop}, ${one.envelope}, ${phone}, 1)`;
    await tx`insert into private.buckets (key, level, at) values (${`tasks:${phone}`}, 1, now())`;
    await tx`
      insert into private.push_subscriptions (kid, endpoint, p256dh, auth) values (${phone}, ${one.endpoint}, 'p', 'a')`;
    await tx`insert into private.pushes (kid, next_at) values (${phone}, now() + interval '1 hour')`;
    await tx`insert into private.nonces (nonce, kid, exp) values (${one.nonce}, ${desktop}, now() + interval '1 hour')`;
    await tx`
      insert into private.pairings (pid, offer, desktop, poll_hash, state, owner, claim, phone, exp) values
        (${one.pairing}, '{}', ${tx.json(deviceOf(desktop, 'desktop'))}, ${`poll-${user}`}, 'claimed', ${user}, 'claim',
          ${tx.json(deviceOf(phone, 'phone'))}, now() + interval '1 hour')`;
    await tx`insert into private.blobs (id, owner, data) values (${one.blob}, ${user}, '\\x00')`;
    await tx`
      insert into private.recovery_codes (owner, hash) values (${user}, ${'h'.repeat(43)})`;
  }
}

export interface Client {
  readonly who: string;
  readonly role: 'anon' | 'authenticated';
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A's own phone, and what differs of it for whoever is none. */
export const asPhone = (of: Someone, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: of.user,
  role: 'authenticated',
  aal: 'aal2',
  session_id: of.session,
  app_metadata: {},
  user_metadata: {},
  ...more,
});

export const asDesktop = (of: Someone, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  sub: of.machine,
  role: 'authenticated',
  aal: 'aal1',
  session_id: crypto.randomUUID(),
  app_metadata: { kind: 'device', kid: of.desktop, owner: of.user },
  user_metadata: {},
  ...more,
});

/** Callers that the second factor keeps out, whatever a table's other policies say. */
export const HALVES: readonly Client[] = [
  { who: 'nobody signed in', role: 'anon', claims: { role: 'anon' } },
  { who: 'nobody at all', role: 'anon', claims: {} },
  { who: 'a password alone', role: 'authenticated', claims: asPhone(A, { aal: 'aal1' }) },
  { who: 'a token without aal', role: 'authenticated', claims: asPhone(A, { aal: undefined }) },
  { who: 'an anonymous account', role: 'authenticated', claims: asPhone(A, { aal: 'aal1', is_anonymous: true }) },
  {
    who: 'metadata that says so',
    role: 'authenticated',
    claims: asPhone(A, {
      aal: 'aal1',
      user_metadata: { aal: 'aal2', kind: 'device', kid: A.desktop },
      app_metadata: { aal: 'aal2' },
      amr: [{ method: 'totp', timestamp: 1 }],
    }),
  },
  { who: 'a desktop', role: 'authenticated', claims: asDesktop(A) },
];
export const OWNER: Client = { who: 'the owner', role: 'authenticated', claims: asPhone(A) };
export const STRANGER: Client = { who: 'another owner', role: 'authenticated', claims: asPhone(B) };
export const EVERYBODY: readonly Client[] = [...HALVES, OWNER, STRANGER];

/** From now on the transaction, or the rest of its savepoint, is this caller's. */
export async function become(tx: Tx, { role, claims }: Omit<Client, 'who'>, topic = ''): Promise<void> {
  await tx`select
    set_config('role', ${role}, true),
    set_config('request.jwt.claims', ${JSON.stringify(claims)}, true),
    set_config('realtime.topic', ${topic}, true)`;
}
