import { expect } from 'bun:test';
import { A, B, asDesktop, asPhone, become } from './people.ts';
import { aside, refusedWith, type Promised, type Tx } from './promise.ts';

type Claims = Record<string, unknown>;

/** As Realtime asks: may this caller see a row of this kind on this topic? */
const seen = (tx: Tx, topic: string, claims: Claims, extension = 'broadcast'): Promise<boolean> =>
  aside(tx, async (mine) => {
    await mine`insert into realtime.messages (topic, extension, private) values (${topic}, ${extension}, true)`;
    await become(mine, { role: 'authenticated', claims }, topic);
    return (await mine`select from realtime.messages where topic = ${topic}`).count > 0;
  });

const door = (kid: string): string => `device:${kid}`;
const phone = door(A.phone);
const desktop = door(A.desktop);

export const JOINS: Promised = {
  sentence: 'a live phone and a live desktop listen to their own doorbell',
  attack: false,
  holds: async (tx) => {
    expect(await seen(tx, phone, asPhone(A))).toBe(true);
    expect(await seen(tx, desktop, asDesktop(A))).toBe(true);
  },
};

/** Nobody listens to A's doors, or to what is no door, with any of these. */
const deaf = (sentence: string, tries: (tx: Tx) => Promise<[topic: string, claims: Claims][]>): Promised => ({
  sentence,
  attack: true,
  holds: async (tx) => {
    for (const [topic, claims] of await tries(tx))
      expect([topic, await seen(tx, topic, claims)]).toEqual([topic, false]);
  },
});
const always =
  (...tries: [string, Claims][]) =>
  async (): Promise<[string, Claims][]> =>
    tries;

export const FOREIGN = deaf(
  "nobody listens to another account's doorbell",
  always([phone, asPhone(B)], [phone, asDesktop(B)], [desktop, asPhone(B)], [desktop, asDesktop(B)]),
);
export const SIBLING = deaf(
  "no device listens to its sibling's doorbell",
  always([phone, asDesktop(A)], [desktop, asPhone(A)]),
);
export const HALF = deaf(
  'no phone listens without the second factor',
  always([phone, asPhone(A, { aal: 'aal1' })], [phone, asPhone(A, { aal: undefined })]),
);
export const OTHER_SESSION = deaf(
  'no other session of its owner listens as the phone',
  always([phone, asPhone(A, { session_id: B.session })], [phone, asPhone(A, { session_id: undefined })]),
);
export const OTHER_OWNER = deaf(
  'no account listens that borrowed the name of a session',
  always([phone, asPhone(B, { session_id: A.session })], [phone, asPhone(A, { sub: A.machine })]),
);
export const OTHER_MACHINE = deaf(
  "no desktop's account listens that names another desktop",
  always([desktop, asDesktop(B, { app_metadata: { kind: 'device', kid: A.desktop } })]),
);
export const NO_KIND = deaf(
  'no account listens as a desktop that is not said to be one where only the relay writes',
  always(
    [desktop, asDesktop(A, { app_metadata: { kid: A.desktop } })],
    [desktop, asDesktop(A, { app_metadata: {}, user_metadata: { kind: 'device', kid: A.desktop } })],
    [desktop, asDesktop(A, { app_metadata: { kind: 'owner', kid: A.desktop } })],
  ),
);
export const NO_KID = deaf(
  'no account listens as a desktop that it is not said to be where only the relay writes',
  always(
    [desktop, asDesktop(A, { app_metadata: { kind: 'device' } })],
    [desktop, asDesktop(A, { app_metadata: { kind: 'device', kid: B.desktop } })],
  ),
);
export const REVOKED = deaf('nobody listens as a device that was revoked', async (tx) => {
  await tx`delete from private.devices where kid in (${A.phone}, ${A.desktop})`;
  return [
    [phone, asPhone(A)],
    [desktop, asDesktop(A)],
  ];
});
export const NO_DOOR = deaf('nobody listens to a topic that is no doorbell', async () =>
  ['', 'device:', 'device:%', 'device:_', `${phone} `, `realtime:${phone}`, A.phone, 'chat'].flatMap(
    (topic): [string, Claims][] => [
      [topic, asPhone(A)],
      [topic, asDesktop(A)],
    ],
  ),
);

export const EXTENSION: Promised = {
  sentence: 'nobody learns who else is there: presence is closed',
  attack: true,
  holds: async (tx) => {
    expect(await seen(tx, phone, asPhone(A), 'presence')).toBe(false);
    expect(await seen(tx, desktop, asDesktop(A), 'presence')).toBe(false);
  },
};

export const ANON: Promised = {
  sentence: 'nobody who is not signed in listens',
  attack: true,
  holds: async (tx) => {
    for (const claims of [{}, { role: 'anon' }, asPhone(A), asDesktop(A)]) {
      for (const topic of [phone, desktop]) {
        await aside(tx, async (mine) => {
          await mine`insert into realtime.messages (topic, extension, private) values (${topic}, 'broadcast', true)`;
          await become(mine, { role: 'anon', claims }, topic);
          expect((await mine`select from realtime.messages`).count).toBe(0);
        });
      }
    }
  },
};

export const NO_SENDING: Promised = {
  sentence: 'nobody rings a doorbell but the relay',
  attack: true,
  holds: async (tx) => {
    for (const [topic, claims] of [
      [phone, asPhone(A)],
      [desktop, asDesktop(A)],
      [desktop, asPhone(A)],
    ] satisfies [string, Claims][]) {
      const code = await refusedWith(tx, async (mine) => {
        await become(mine, { role: 'authenticated', claims }, topic);
        await mine`insert into realtime.messages (topic, extension, private) values (${topic}, 'broadcast', true)`;
      });
      expect(code).toBe('42501');
    }
  },
};

export const DOOR: readonly Promised[] = [
  JOINS,
  FOREIGN,
  SIBLING,
  HALF,
  OTHER_SESSION,
  OTHER_OWNER,
  OTHER_MACHINE,
  NO_KIND,
  NO_KID,
  REVOKED,
  NO_DOOR,
  EXTENSION,
  ANON,
  NO_SENDING,
];
