import { DOOR_POLICY } from '../promises/catalogue.ts';
import {
  ANON,
  EXTENSION,
  FOREIGN,
  HALF,
  JOINS,
  NO_DOOR,
  NO_KID,
  NO_KIND,
  NO_SENDING,
  OTHER_MACHINE,
  OTHER_OWNER,
  OTHER_SESSION,
  REVOKED,
  SIBLING,
} from '../promises/door.ts';
import type { Promised } from '../promises/promise.ts';
import type { Mutant, Mutants } from './mutant.ts';

const POLICY = '"a live device listens to its own doorbell" on realtime.messages';
const ASKED = '(select private.may_join((select realtime.topic())))';
const ANY = 'realtime.messages';

const policies: readonly (readonly [sql: string, noticedBy: readonly Promised[]])[] = [
  [`drop policy ${POLICY}`, [DOOR_POLICY, JOINS]],
  [`alter policy ${POLICY} using (true)`, [FOREIGN, SIBLING, HALF, REVOKED, NO_DOOR, EXTENSION]],
  [`alter policy ${POLICY} using (extension = 'broadcast')`, [FOREIGN, SIBLING, HALF, REVOKED, NO_DOOR]],
  [`alter policy ${POLICY} using (${ASKED})`, [EXTENSION]],
  [`alter policy ${POLICY} using (extension = 'broadcast' or ${ASKED})`, [FOREIGN]],
  [`alter policy ${POLICY} to public`, [DOOR_POLICY]],
  [`alter policy ${POLICY} to anon`, [DOOR_POLICY, JOINS]],
  [`create policy more on ${ANY} for select to authenticated using (true)`, [DOOR_POLICY, FOREIGN]],
  [`create policy more on ${ANY} for select to anon using (true)`, [DOOR_POLICY, ANON]],
  [`create policy more on ${ANY} for insert to authenticated with check (true)`, [DOOR_POLICY, NO_SENDING]],
  [`create policy more on ${ANY} for insert to authenticated with check (${ASKED})`, [DOOR_POLICY, NO_SENDING]],
  [`create policy more on ${ANY} to public using (true)`, [DOOR_POLICY, ANON, FOREIGN, NO_SENDING]],
  [`alter table ${ANY} disable row level security`, [FOREIGN, ANON, NO_SENDING]],
];

const JWT = '(select auth.jwt())';
/** Each condition of the doorbell, and what takes its place. */
const conditions: readonly (readonly [from: string, to: string, noticedBy: readonly Promised[]])[] = [
  [`'device:' || d.kid = topic`, 'true', [SIBLING, NO_DOOR]],
  [`'device:' || d.kid = topic`, `'device:' || d.kid like topic`, [NO_DOOR]],
  [`'device:' || d.kid = topic`, `topic like '%' || d.kid || '%'`, [NO_DOOR]],
  [`d.machine_user = (select auth.uid())`, 'true', [OTHER_MACHINE]],
  [`and ${JWT} -> 'app_metadata' ->> 'kind' = 'device'`, '', [NO_KIND]],
  [`${JWT} -> 'app_metadata' ->> 'kind' = 'device'`, `${JWT} -> 'user_metadata' ->> 'kind' = 'device'`, [JOINS]],
  [`and ${JWT} -> 'app_metadata' ->> 'kid' = d.kid`, '', [NO_KID]],
  [`d.owner = (select auth.uid())`, 'true', [OTHER_OWNER]],
  [`and ${JWT} ->> 'aal' = 'aal2'`, '', [HALF]],
  [`${JWT} ->> 'aal' = 'aal2'`, `${JWT} ->> 'aal' is distinct from 'aal1'`, [HALF]],
  [`${JWT} ->> 'aal' = 'aal2'`, `${JWT} ->> 'aal' in ('aal1', 'aal2')`, [HALF]],
  [`and ${JWT} ->> 'session_id' = d.session_id::text`, '', [OTHER_SESSION]],
  [`${JWT} ->> 'session_id' = d.session_id::text`, 'd.session_id is not null', [OTHER_SESSION]],
  // The names of a token alone: whoever was revoked keeps them until it expires.
  [
    'select exists (',
    `select ${JWT} -> 'app_metadata' ->> 'kind' = 'device' and topic = 'device:' || (${JWT} -> 'app_metadata' ->> 'kid') or exists (`,
    [REVOKED],
  ],
];

export const ofTheDoor: Mutants = async (tx) => {
  const [row] = await tx<{ text: string }[]>`select pg_get_functiondef('private.may_join'::regproc) as text`;
  const whole = row?.text ?? '';
  return [
    ...policies.map(([sql, noticedBy]): Mutant => ({ change: sql, sql, noticedBy })),
    ...conditions.map(([from, to, noticedBy]): Mutant => {
      if (whole.split(from).length !== 2) throw new Error(`the doorbell has no (one) "${from}"`);
      return { change: `the doorbell with (${to}) for (${from})`, sql: whole.replace(from, () => to), noticedBy };
    }),
  ];
};
