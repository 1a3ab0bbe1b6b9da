import { mutants, type Mutant } from '../support/mutant.ts';

const ASK = 'agent/journal/ask.ts';
const PROTOCOL_ASK = 'edge/protocol/ask.ts';
const INBOX = 'agent/link/inbox.ts';
const PARCEL = 'edge/protocol/parcel.ts';

const heard = (sentence: string): Mutant['attack'] => ['tests/agent/link/inbox.test.ts', sentence];
const asked = (sentence: string): Mutant['attack'] => ['tests/protocol/ask.test.ts', sentence];
const files = (sentence: string): Mutant['attack'] => ['tests/protocol/parcel.test.ts', sentence];

/** An answer under any id is taken for one to the question that is open. */
const ANY_QUESTION: Pick<Mutant, 'file' | 'without' | 'instead' | 'also'> = {
  file: ASK,
  without: "'select * from ask where id = $id'",
  instead: "`select * from ask where id = $id or state = 'open' order by state = 'open' desc`",
  also: [{ file: ASK, without: 'id: answer.ask, state:', instead: 'id: record.ask.ask, state:' }],
};

mutants("an owner's answer", [
  {
    check: 'it is about exactly the actions that were asked about',
    file: ASK,
    without: "  if (answer.digests.join() !== record.digests.join()) return 'other-actions';",
    attack: heard('an answer for other actions than were asked about grants nothing'),
  },
  {
    check: 'it is to a question that was asked',
    ...ANY_QUESTION,
    attack: heard('an answer to a question that nobody asked grants nothing'),
  },
  {
    check: 'it is to this question and not to its like',
    ...ANY_QUESTION,
    attack: heard('an answer replayed to a question put again grants nothing'),
  },
  {
    check: 'it comes in time',
    file: ASK,
    without: "record.ask.exp <= journal.now() / 1000 ? 'late' : undefined",
    instead: 'undefined',
    attack: heard('a late answer grants nothing'),
  },
  ...['an answer that was given is not taken back or given again', 'the first answer of two phones wins'].map(
    (sentence) => ({
      check: 'it is the first',
      file: ASK,
      without: "  if (record.state !== 'open') return 'answered';",
      attack: heard(sentence),
    }),
  ),
  {
    check: 'it is signed by a phone on the trust list',
    file: 'edge/mailbox/accept.ts',
    without: "  if (!(await verifyEnvelope(envelope, from.sig))) return refused('signature.bad');",
    attack: heard('an answer forged by the relay or by a stranger grants nothing'),
  },
  {
    check: 'its digest is of the step and the task',
    file: PROTOCOL_ASK,
    without: 'const bytes = toBytes(JSON.stringify(actionSchema.parse(action)));',
    instead: 'const bytes = toBytes(JSON.stringify(action.act));',
    attack: asked('the digest is of this step of this task'),
  },
  {
    check: 'an action has no member that the phone does not show',
    file: PROTOCOL_ASK,
    without: "z.strictObject({ sink: z.literal('read'),",
    instead: "z.object({ sink: z.literal('read'),",
    attack: asked('an action with a member the phone would not show is not shown at all'),
  },
]);

mutants('a desktop', [
  {
    check: 'a task travels as a task, a control as a control',
    file: INBOX,
    without: "(body.kind === 'task' ? header.k === 'task' : header.k === 'ctl')",
    instead: '([header, body] ? true : false)',
    attack: heard('a task under the name of a control, and a control under that of a task, are refused'),
  },
  {
    check: 'no schedule is taken for a task',
    file: INBOX,
    without: "header.k === 'task' :",
    instead: "header.k !== 'ctl' :",
    attack: heard('a schedule is refused as long as this version knows none'),
  },
  {
    check: 'the sender is still on the list when its words are written down',
    file: INBOX,
    without: '  if (!readPeer(journal, from.kid))',
    instead: '  if (!from)',
    attack: heard('a phone that is dropped while its words are opened commands nothing'),
  },
  {
    check: 'a dropped phone is off the list',
    file: 'agent/journal/peer.ts',
    without: "    journal.db.query('delete from peer where kid = $kid').run({ kid });",
    attack: heard('a dropped phone commands no more, and what it had queued is not begun'),
  },
  {
    check: 'only an id of its own journal is known',
    file: 'agent/journal/inbox.ts',
    without: " and verdict = 'taken'",
    attack: heard('an id that a refused envelope wore does not keep the true one out'),
  },
  {
    check: 'what was taken is known for ever',
    file: 'agent/journal/inbox.ts',
    without: " and verdict = 'taken'",
    instead: " and verdict = 'known'",
    attack: heard('a task is accepted once, for ever, however often the relay delivers it'),
  },
  {
    check: 'a task does not wait for one that waits for it',
    file: 'agent/journal/task.ts',
    without: 'waitsFor(journal, task.after, id) ? null : ',
    attack: heard('tasks that name themselves or each other as their predecessor do not wait for ever'),
  },
  {
    check: 'a phone may set the switches only where that was allowed',
    file: 'agent/link/control.ts',
    without: 'readPeer(journal, by.kid)?.mayPower === true',
    instead: 'true',
    attack: heard('a phone that may not set the power switches does not'),
  },
]);

mutants('a file on its way', [
  {
    check: 'its bytes are those of its hash',
    file: PARCEL,
    without:
      "  if ((await sha256B64u(bytes)) !== parcel.sha256) throw new ParcelDamaged('The file does not match its hash.');",
    attack: files('a file whose bytes are not those of its hash is refused'),
  },
  {
    check: 'its parts are in their places',
    file: PARCEL,
    without: '  new DataView(iv.buffer).setUint32(8, index);',
    also: [
      {
        file: PARCEL,
        without: 'toBytes(`errand1 part ${index}/${count}`)',
        instead: 'toBytes(`errand1 part ${count}`)',
      },
    ],
    attack: files('parts of a file that the relay swapped are noticed'),
  },
  {
    check: 'its parts are all there',
    file: PARCEL,
    without: 'toBytes(`errand1 part ${index}/${count}`)',
    instead: 'toBytes(`errand1 part ${index}`)',
    attack: files('a file whose last part the relay kept back is noticed'),
  },
]);
