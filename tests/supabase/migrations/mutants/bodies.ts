import type { Tx } from '../promises/promise.ts';

/** A function without one of the comparisons by which it tells one account, device or secret from another. */
export interface BodyMutant {
  readonly change: string;
  readonly sql: string;
}

const NAMES = 'owner|kid|sender|machine_user|session_id|p_owner|p_poll_hash|poll_hash|claim|kind|nonce|hash|pid|state';
const COMPARISON = new RegExp(
  String.raw`\b(where|and|or|if|not) (\(?)((?:\w+\.)?(?:${NAMES}) (=|<>|is distinct from) (?:any \([^)]+\)|'\w+'|[\w.]+(?: ->> '\w+')?))`,
  'g',
);

/** Changes that change nothing, or nothing that a query could see. */
const HARMLESS: ReadonlySet<string> = new Set([
  // The table's own constraints: no desktop has a session, and no phone an account.
  "private.caller: and kind = 'phone'",
  "private.caller: and kind = 'desktop'",
  // What follows ends deliveries to these recipients alone.
  'private.collapse: where kid = any (p_to)',
  'relay_stop: where kid = p_kid (2)',
  // How many wait, on a bell: heard over a real socket.
  'private.poke: where kid = p_kid',
  // A push that was sent before is called gone.
  "private.unsubscribe: and state = 'waiting'",
  // They lock more rows than they need.
  'relay_ack: where d.kid = device.kid',
  'relay_submit: where kid = any (p_to || p_sender)',
  // Only for a revocation between two statements of this very call.
  'relay_submit: where kid = p_sender',
]);

export async function ofBodies(tx: Tx): Promise<BodyMutant[]> {
  const all = await tx<{ name: string; text: string }[]>`
    select p.oid::regprocedure::text as name, pg_get_functiondef(p.oid) as text
    from pg_proc as p where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) order by 1`;
  return all.flatMap(ofBody).filter(({ change }) => !HARMLESS.has(change));
}

function ofBody({ name, text }: { name: string; text: string }): BodyMutant[] {
  const met = new Map<string, number>();
  return [...text.matchAll(COMPARISON)].map((match) => {
    const [whole, lead = '', open = '', comparison = '', operator] = match;
    const words = `${name.slice(0, name.indexOf('('))}: ${lead} ${comparison}`;
    const nth = (met.get(words) ?? 0) + 1;
    met.set(words, nth);
    const before = text.slice(0, match.index);
    return {
      change: nth === 1 ? words : `${words} (${nth})`,
      sql: `${before}${lead} ${open}${operator === '='}${text.slice(match.index + whole.length)}`,
    };
  });
}
