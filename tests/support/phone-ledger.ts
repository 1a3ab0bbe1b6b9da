import type { Page } from 'playwright-core';

/** What the app's own database says at one moment. */
export interface Ledger {
  /** The words being written on the first screen. */
  readonly draft: string;
  /** Each task's words, with how many results it has. */
  readonly tasks: readonly { text: string; sent: string; results: number }[];
}

/** Reads it in one transaction, past the app. */
export const ledgerOf = (page: Page): Promise<Ledger> =>
  page.evaluate(async () => {
    const ask = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error('no database'));
      });
    const db = await ask(indexedDB.open('errand'));
    const tx = db.transaction(['meta', 'tasks', 'events']);
    const [draft, tasks, events] = await Promise.all([
      ask<{ text: string } | undefined>(tx.objectStore('meta').get('draft/new')),
      ask<{ id: string; text: string; sent: { at: string } }[]>(tx.objectStore('tasks').getAll()),
      ask<{ json: string }[]>(tx.objectStore('events').getAll()),
    ]);
    db.close();
    const heard = events.map(({ json }): { t: string; what: { kind: string } } => JSON.parse(json));
    return {
      draft: draft?.text ?? '',
      tasks: tasks.map(({ id, text, sent }) => ({
        text,
        sent: sent.at,
        results: heard.filter(({ t, what }) => t === id && what.kind === 'result').length,
      })),
    };
  });
