import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import { markSent, putDraftBack, takeDraft } from '../link/mailbox-store.ts';
import { patchTask } from '../link/patch-task.ts';
import type { Book } from './book.ts';
import type { PhoneDeps } from './deps.ts';
import type { TaskView } from './view.ts';

/** Taking back what no desktop fetched yet. */
export interface Withdrawal {
  /** Rejects with `envelope.fetched` when it is too late. */
  withdraw(task: string): Promise<void>;
  /** Asks again about those of which no answer came, and cancels them when it is too late. Says whether there were any. */
  finish(): Promise<boolean>;
}

interface Options {
  readonly deps: PhoneDeps;
  readonly book: Book;
  readonly relay: () => Promise<RelayClient>;
  readonly cancel: (task: TaskView) => Promise<void>;
}

export function createWithdrawal({ deps, book, relay, cancel }: Options): Withdrawal {
  const cancelled = new Set<string>();
  const isOpen = ({ id, cancelling, standing, from }: TaskView): boolean =>
    cancelling && from === undefined && (standing.is === 'relay' || standing.is === 'here') && !cancelled.has(id);

  /** Bytes that were sealed may have reached the relay even if no answer came back: only the relay's word settles that. */
  async function ask(id: string): Promise<void> {
    const draft = await deps.db.write(async (tx) => {
      await patchTask(tx, id, (record) => ({ ...record, cancelling: true }));
      return takeDraft(tx, id);
    });
    try {
      if (!draft || draft.sealed) await (await relay()).withdraw(id);
    } catch (error) {
      if (!(error instanceof RelayError && error.code === 'envelope.unknown')) {
        if (draft) await deps.db.write((tx) => putDraftBack(tx, draft));
        throw error;
      }
    }
    await deps.db.write((tx) => markSent(tx, id, { at: 'withdrawn' }));
  }
  const isFetched = (error: unknown): boolean => error instanceof RelayError && error.code === 'envelope.fetched';

  async function settle(task: TaskView): Promise<void> {
    try {
      await deps.lock('outbox', () => ask(task.id));
    } catch (error) {
      if (!isFetched(error)) return;
      cancelled.add(task.id);
      await cancel(task);
    }
  }
  return {
    withdraw: (id) =>
      deps.lock('outbox', async () => {
        try {
          await ask(id);
        } catch (error) {
          if (isFetched(error))
            await deps.db.write((tx) => patchTask(tx, id, (task) => ({ ...task, cancelling: false })));
          throw error;
        }
      }),
    finish: async () => {
      const open = book.threads().flatMap(({ tasks }) => tasks.filter(isOpen));
      for (const task of open) await settle(task);
      return open.length > 0;
    },
  };
}
