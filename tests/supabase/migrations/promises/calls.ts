import { expect } from 'bun:test';
import { rows } from '../../../support/rows.ts';
import { deviceOf } from './people.ts';
import { aside, refusedWith, type Promised, type Tx } from './promise.ts';

export const own = (sentence: string, holds: Promised['holds']): Promised => ({ sentence, attack: true, holds });

/** `select name(args)`: the arguments are SQL. */
export const call =
  (name: string, ...args: readonly string[]) =>
  (tx: Tx): Promise<unknown> =>
    tx.unsafe(`select ${name}(${args.join(', ')})`);
export const text = (value: string): string => `'${value}'`;
export const NONE = 'null';
/** No bucket to take from. */
export const FREE = `'[]'`;

export const refused = async (tx: Tx, code: string, work: (tx: Tx) => Promise<unknown>): Promise<void> =>
  expect(await refusedWith(tx, work)).toBe(code);

/** What `query` finds is what it found before `work`, whatever that answers. */
export async function unmoved(tx: Tx, query: string, work: (tx: Tx) => Promise<unknown>): Promise<void> {
  await aside(tx, async (mine) => {
    const before = await rows(mine.unsafe(query));
    expect(before.length).toBeGreaterThan(0);
    const after = await mine
      .savepoint(async (inner) => {
        await work(inner);
        return rows(inner.unsafe(query));
      })
      .catch(() => before);
    expect(after).toEqual(before);
  });
}

export const device = (kid: string, kind: 'phone' | 'desktop'): string => text(JSON.stringify(deviceOf(kid, kind)));
export const devicesOf = (user: string): string => `select * from private.devices where owner = '${user}' order by kid`;

interface Sending {
  /** The session: an account with its kid, or with the id of a session. As SQL. */
  readonly as: readonly [user: string, kid: string, session: string];
  readonly sender: string;
  readonly to: string;
  readonly kind?: 'task' | 'evt';
  readonly collapse?: string;
  readonly urgent?: boolean;
  /** How many may wait. */
  readonly queue?: number;
}

/** A call of `relay_submit` with a new envelope for an hour. */
export function submit(sending: Sending): ReturnType<typeof call> {
  const { as, sender, to, kind = 'task', collapse, urgent = false, queue = 9 } = sending;
  const [user, kid, session] = as;
  const id = text('n'.repeat(22));
  const exp = "extract(epoch from now() + interval '1 hour')::bigint";
  const key = collapse === undefined ? NONE : text(collapse);
  const args = [user, kid, session, text(sender), id, text(kind), `array[${text(to)}]`, exp, key];
  return call('relay_submit', ...args, String(urgent), NONE, text('sealed'), FREE, String(queue));
}
