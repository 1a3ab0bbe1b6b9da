import { Buffer } from 'node:buffer';
import { downSchema, type Down } from '../../edge/protocol/down.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import type { Draft, OutboxItem, OutboxStore } from '../../edge/mailbox/store.ts';
import type { Journal } from './journal.ts';
import { nextCounter } from './meta.ts';
import { listParted, listPeers } from './peer.ts';

/** Where an event stands in its task's chain. */
type Numbered = {
  readonly t: string;
  readonly i: number;
};

/**
 * Adds something to say. Recipients are settled now: a phone that is paired later asks for what it may read. With none there is
 * nothing to add. A collapsed draft replaces the unsealed one of the same key: only the newest is worth sending.
 */
export function addDraft(journal: Journal, draft: Omit<Draft, 'id'>, i: number | null = null): void {
  const { k, json, t, u, c, life, reseal } = draft;
  journal.write(() => {
    const to = (draft.to === 'all' ? hearers(journal, t) : draft.to).join(' ');
    if (to === '') return;
    journal.db.query('delete from out where c = $c and compact is null and recipients = $to').run({ c: c ?? null, to });
    journal.db
      .query(
        `insert into out (id, k, json, recipients, t, i, c, u, life, reseal)
         values ($id, $k, $json, $to, $t, $i, $c, $u, $life, $reseal)`,
      )
      .run({
        id: newId(),
        k,
        json,
        to,
        t: t ?? null,
        i,
        c: c ?? null,
        u: Number(u ?? false),
        life,
        reseal: Number(reseal),
      });
    journal.touch({ in: 'out' });
  });
}

/** Bytes of events in one body: with the little around them it is padded to 64 kB. */
export const PAGE_BYTES = 60_000;

/**
 * Adds the next event of a task. While the ones before it still wait, it joins them in one envelope: a task's first words are three
 * events, and each envelope waits for the answer to the one before. What is being sealed just now is sent by itself too, and known there.
 */
export function addEvent(journal: Journal, event: Numbered & { readonly json: string }): void {
  const { t, i } = event;
  journal.write(() => {
    const to = hearers(journal, t);
    const waiting = newestWaiting(journal, { t, i: i - 1, to: to.join(' ') });
    const joined = waiting && joinedTo(waiting.json, event.json);
    if (joined !== undefined) journal.db.query('delete from out where seq = $seq').run({ seq: waiting?.seq ?? 0 });
    addDraft(journal, { k: 'evt', json: joined ?? event.json, to, t, life: MAX_LIFE, reseal: true }, i);
  });
}

/** The row with the event before, when nothing was said since but what a newer one replaces: so no word overtakes another. */
const newestWaiting = (journal: Journal, before: Numbered & { to: string }): { seq: number; json: string } | null =>
  journal.db
    .query<{ seq: number; json: string }, Numbered & { to: string }>(
      `select seq, json from (select * from out where state = 'pending' and c is null order by seq desc limit 1)
       where k = 'evt' and compact is null and t = $t and i = $i and recipients = $to`,
    )
    .get(before);

function joinedTo(waiting: string, json: string): string | undefined {
  const body = downSchema.parse(JSON.parse(waiting));
  const down: Down = { kind: 'past', events: [...(body.kind === 'past' ? body.events : [waiting]), json] };
  const joined = JSON.stringify(down);
  return Buffer.byteLength(joined) <= PAGE_BYTES ? joined : undefined;
}

/** Who hears of a task: a phone without leave to read older threads only of what it sent, and of what came since it was paired. */
const hearers = (journal: Journal, t: string | undefined): string[] =>
  journal.db
    .query<{ kid: string }, { t: string | null }>(
      `select kid from peer left join task on task.id = $t
       where task.id is null or may_history = 1 or paired_at <= task.created or sender = kid order by paired_at, kid`,
    )
    .all({ t: t ?? null })
    .map(({ kid }) => kid);

/** True when the event already waits to be sent to this phone. */
export function isDrafted(journal: Journal, event: Numbered, kid: string): boolean {
  return (
    journal.db
      .query<{ seq: number }, Numbered & { kid: string }>(
        // A row of several events bears the number of its last.
        `select seq from out where t = $t and state = 'pending' and instr(recipients, $kid) > 0
         and $i between i - coalesce(json_array_length(json, '$.events'), 1) + 1 and i`,
      )
      .get({ ...event, kid }) !== null
  );
}

/**
 * Nothing more goes to a phone that was dropped. What was sealed to it and others is sealed anew without it, under another id: the
 * relay may have the first.
 */
export function withholdFrom(journal: Journal, kid: string): void {
  journal.write(() => {
    const rows = journal.db
      .query<{ seq: number; recipients: string }, { kid: string }>(
        "select seq, recipients from out where state = 'pending' and instr(recipients, $kid) > 0",
      )
      .all({ kid });
    for (const { seq, recipients } of rows) {
      const others = recipients.split(' ').filter((to) => to !== kid);
      if (others.length === 0) journal.db.query('delete from out where seq = $seq').run({ seq });
      else {
        journal.db
          .query('update out set recipients = $to, id = $id, compact = null, exp = null where seq = $seq')
          .run({ seq, to: others.join(' '), id: newId() });
      }
    }
  });
}

interface Row {
  seq: number;
  id: string;
  k: Draft['k'];
  json: string;
  recipients: string;
  t: string | null;
  c: string | null;
  u: number;
  life: number;
  reseal: number;
  compact: string | null;
  exp: number | null;
}

function itemOf(row: Row): OutboxItem {
  const { seq, id, k, json, recipients, t, c, u, life, reseal, compact, exp } = row;
  const draft: Draft = {
    id,
    k,
    json,
    to: recipients.split(' '),
    life,
    reseal: reseal === 1,
    ...(t !== null && { t }),
    ...(c !== null && { c }),
    ...(u === 1 && { u: true }),
  };
  return compact === null || exp === null ? { seq, draft } : { seq, draft, sealed: { compact, exp } };
}

/** One of several recipients is unknown at the relay, which does not say which one: each gets an item of its own. */
function split(journal: Journal, seq: number, recipients: readonly string[]): void {
  const copy = journal.db.query(
    `insert into out (id, k, json, recipients, t, i, c, u, life, reseal)
     select $id, k, json, $kid, t, i, c, u, life, reseal from out where seq = $seq`,
  );
  for (const kid of recipients) copy.run({ id: newId(), kid, seq });
  journal.db.query('delete from out where seq = $seq').run({ seq });
}

function giveUp(journal: Journal, seq: number, why: string): void {
  const row = journal.db
    .query<{ recipients: string }, { seq: number }>('select recipients from out where seq = $seq')
    .get({ seq });
  const recipients = row?.recipients.split(' ') ?? [];
  if (why === 'envelope.recipient' && recipients.length > 1) return split(journal, seq, recipients);
  journal.db.query("update out set state = 'failed', why = $why, compact = null where seq = $seq").run({ seq, why });
}

/** The mailbox's outbox over the journal. */
export function outboxStore(journal: Journal): OutboxStore {
  const { db } = journal;
  return {
    pending: async (max) =>
      db
        .query<Row, { max: number }>("select * from out where state = 'pending' order by seq limit $max")
        .all({ max })
        .map(itemOf),
    peers: async () => [...listPeers(journal).map((peer) => peer.device), ...listParted(journal)],
    nextCounter: async () => nextCounter(journal),
    keepSealed: async (seq, { compact, exp, id }) =>
      journal.write(
        () =>
          void db
            .query('update out set compact = $compact, exp = $exp, id = $id where seq = $seq')
            .run({ seq, compact, exp, id }),
      ),
    settle: async (seq, outcome) =>
      journal.write(() => {
        if (outcome.at === 'relay') db.query('delete from out where seq = $seq').run({ seq });
        else giveUp(journal, seq, outcome.why);
      }),
  };
}
