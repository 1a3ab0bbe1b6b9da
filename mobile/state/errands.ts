import type { RelayClient } from '../../edge/mailbox/relay-client.ts';
import { MAX_LIFE } from '../../edge/protocol/envelope.ts';
import { newId } from '../../edge/protocol/id.ts';
import { INLINE_BYTES, packParcel, ParcelDamaged, unpackParcel, type Parcel } from '../../edge/protocol/parcel.ts';
import type { Control } from '../../edge/protocol/up.ts';
import type { Tx } from '../link/db.ts';
import { PhoneFault } from '../link/fault.ts';
import { addDraft } from '../link/mailbox-store.ts';
import { patchTask } from '../link/patch-task.ts';
import type { TaskRecord } from '../link/records.ts';
import type { Book } from './book.ts';
import type { PhoneDeps } from './deps.ts';
import { createDispatch, type Dispatch } from './dispatch.ts';
import type { TaskView } from './view.ts';
import { createWithdrawal } from './withdrawal.ts';

/** What is left of one message by the longest text and its grants. */
const INLINE_FILE = INLINE_BYTES / 3;

export interface Errands extends Dispatch {
  /** Makes a file ready to travel. Larger ones are stored sealed at the relay first. */
  pack(file: { name: string; type: string; bytes: Uint8Array<ArrayBuffer> }): Promise<Parcel>;
  /** The file's bytes, checked against its hash. */
  unpack(parcel: Parcel): Promise<Uint8Array<ArrayBuffer>>;
  /** Takes a task back that no desktop fetched yet. Rejects with `envelope.fetched` when it is too late: cancel it then. */
  readonly withdraw: (task: string) => Promise<void>;
  /** After a look into the inbox: settles the withdrawals of which the relay's answer was lost. */
  readonly finishWithdrawals: () => Promise<void>;
  readonly cancel: (task: string) => Promise<void>;
  /** Answers an ask for exactly the actions whose bytes this phone showed. */
  answer(answer: { task: string; ask: string; ok: boolean; because?: string }): Promise<void>;
}

interface ErrandsOptions {
  readonly deps: PhoneDeps;
  readonly book: Book;
  readonly relay: () => Promise<RelayClient>;
  /** A task changed, and there may be something to send. */
  readonly changed: () => Promise<void>;
}

export function createErrands({ deps, book, relay, changed }: ErrandsOptions): Errands {
  async function tell(task: TaskView, control: Control, patch: (record: TaskRecord) => TaskRecord): Promise<void> {
    await deps.db.write(async (tx) => {
      await patchTask(tx, task.id, patch);
      await addControl(tx, task.desktop, control);
    });
    await changed();
  }
  const cancel = (task: TaskView): Promise<void> =>
    tell(task, { kind: 'cancel', t: task.id }, (record) => ({ ...record, cancelling: true }));
  const known = (id: string): TaskView => {
    const task = book.task(id);
    if (!task) throw new PhoneFault('phone.failed', 'no such task');
    return task;
  };
  const withdrawal = createWithdrawal({ deps, book, relay, cancel });
  return {
    ...createDispatch({ deps, book, changed }),
    pack: async (file) => {
      const parcel = await packParcel({
        ...file,
        inlineBytes: INLINE_FILE,
        putPart: async (sealed) => (await relay()).putBlob(sealed),
      });
      if (parcel.content.at === 'desk') throw new PhoneFault('file.too-large');
      return parcel;
    },
    unpack: async (parcel) => {
      try {
        return await unpackParcel(parcel, async (id) => (await relay()).getBlob(id));
      } catch (error) {
        throw error instanceof ParcelDamaged ? new PhoneFault('file.damaged', error.message) : error;
      }
    },
    withdraw: async (id) => {
      try {
        await withdrawal.withdraw(id);
      } finally {
        await changed();
      }
    },
    finishWithdrawals: async () => {
      if (await withdrawal.finish()) await changed();
    },
    cancel: (id) => cancel(known(id)),
    answer: async ({ task, ask, ok, because }) => {
      const { actions } = known(task).asks.find((view) => view.ask.ask === ask) ?? {};
      if (!actions) throw new PhoneFault('phone.failed', 'this ask cannot be shown, so it cannot be answered');
      const digests = actions.map((action) => action.digest);
      const said: Control = { kind: 'answer', ask, digests, ok, scope: 'once', ...(because ? { because } : {}) };
      await tell(known(task), said, (record) => ({ ...record, answers: { ...record.answers, [ask]: ok } }));
    },
  };
}

/** Puts what a phone tells a desktop into the outbox. */
export async function addControl(tx: Tx, desktop: string, control: Control): Promise<void> {
  const json = JSON.stringify(control);
  await addDraft(tx, { id: newId(), k: 'ctl', json, to: [desktop], life: MAX_LIFE, reseal: control.kind !== 'answer' });
}
