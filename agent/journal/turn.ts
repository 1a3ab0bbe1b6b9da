import type { Journal } from './journal.ts';

/** One turn of the conversation with the model; `json` is its content exactly as it was sent or received. */
export interface Turn {
  readonly role: 'user' | 'assistant';
  readonly json: string;
}

export const listTurns = (journal: Journal, task: string): Turn[] =>
  journal.db.query<Turn, { task: string }>('select role, json from turn where task = $task order by i').all({ task });

/** Stores turn `i`, counted from 0. */
export function addTurn(journal: Journal, task: string, i: number, turn: Turn): void {
  journal.write(() =>
    journal.db
      .query('insert into turn (task, i, role, json) values ($task, $i, $role, $json)')
      .run({ task, i, role: turn.role, json: turn.json }),
  );
}
