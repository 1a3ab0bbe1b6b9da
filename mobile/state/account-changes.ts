import type { Account } from '../link/account.ts';
import type { Db } from '../link/db.ts';
import { dropMeta, META, writeMeta } from '../link/meta.ts';
import type { Wires } from './wires.ts';

/** What a person changes about the account, and the ways back into it. */
export interface AccountChanges {
  /** Both reject with auth.fresh-factor when no code was entered lately. */
  changePassword(password: string): Promise<void>;
  changeEmail(email: string): Promise<void>;
  askReset(email: string): Promise<void>;
  /** With the code for the one who forgot the password; a new one is due once the second factor is given. */
  enterReset(reset: { email: string; code: string }): Promise<void>;
  /** A recovery code in the place of the authenticator; a new one is enrolled next. All sessions of the account end. */
  recover(recovery: { email: string; code: string; password: string }): Promise<void>;
}

export function changesOf({
  db,
  wires,
  act,
}: {
  db: Db;
  wires: Wires;
  /** Does something with the account, and then looks where it stands. */
  act: <T>(work: (account: Account) => Promise<T>) => Promise<T>;
}): AccountChanges {
  return {
    changePassword: (password) =>
      act(async (account) => {
        await account.changePassword(password);
        await dropMeta(db, META.renew);
      }),
    changeEmail: (email) => act((account) => account.changeEmail(email)),
    askReset: async (email) => (await wires.get()).account.askReset(email),
    enterReset: (reset) =>
      act(async (account) => {
        await account.enterReset(reset);
        await writeMeta(db, META.renew, true);
      }),
    recover: ({ email, code, password }) =>
      act(async (account) => {
        await (await wires.get()).relay.recover(code, password);
        await dropMeta(db, META.renew);
        // Its session is over. Should signing in again fail, the person is signed out and has the new password.
        await account.signOut();
        await account.signIn({ email, password });
      }),
  };
}
