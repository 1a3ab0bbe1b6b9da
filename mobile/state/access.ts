import type { Account, Credentials, Enrolment, Standing } from '../link/account.ts';
import { TABLES } from '../link/db.ts';
import { dropMeta, META, readMeta, writeMeta } from '../link/meta.ts';
import { changesOf, type AccountChanges } from './account-changes.ts';
import type { PhoneDeps } from './deps.ts';
import type { Parts } from './parts.ts';
import type { PhoneView } from './view.ts';
import type { Wires } from './wires.ts';

/** Who is signed in, and what is still missing. */
export interface Access {
  read(): Promise<void>;
  /** Another tab changed something: perhaps who is signed in. */
  follow(): Promise<void>;
  /** The relay did not take the session: finds out whether it is over. */
  doubt(): Promise<void>;
  /** The relay asks for the second factor again, although the session has it. */
  wantFactor(): void;
  view(): Pick<PhoneView, 'stage' | 'email' | 'me'>;
  readonly account: AccountChanges & {
    readonly signUp: (credentials: Credentials) => Promise<void>;
    readonly signIn: (credentials: Credentials) => Promise<void>;
    enrol(): Promise<Enrolment>;
    /** A code of the authenticator: of the factor being enrolled, else of the one the account has. */
    verify(code: string, factorId?: string): Promise<void>;
    /** Auth or the relay did not take the session: finds out whether it is over. */
    readonly doubt: () => Promise<void>;
    /** This phone only. Keys and threads stay for the next sign-in. */
    signOut(): Promise<void>;
    /** Signs out and forgets everything, keys included: desktops must be paired again. */
    forget(): Promise<void>;
  };
}

export function createAccess(deps: PhoneDeps, parts: Parts, emit: () => void): Access {
  const { wires, post, pairing } = parts;
  let standing: Standing | undefined;
  let factorWanted = false;
  let me: PhoneView['me'];
  let who = '';
  let renew = false;

  async function look(): Promise<void> {
    standing = (await wires.known()?.account.standing()) ?? { is: 'signed-out' };
    who = await keepWho(deps.db, standing);
    renew = (await readMeta(deps.db, META.renew)) ?? false;
    me = (await deps.keys.load())?.device;
    emit();
  }
  async function read(): Promise<void> {
    await look();
    if (standing?.is !== 'ready' || factorWanted) return;
    void pairing.resume();
    post.kick();
  }
  async function act<T>(work: (account: Account) => Promise<T>): Promise<T> {
    const { account } = await wires.get();
    const value = await work(account);
    await read();
    return value;
  }
  async function follow(): Promise<void> {
    const before = standing?.is;
    if (!wires.known()) await wires.load();
    await look();
    if (standing?.is === before) return;
    // A pairing goes on in the tab where it was begun: two that claim one offer would spoil it.
    if (standing?.is === 'ready') post.kick();
    else await post.hush();
  }
  async function doubt(): Promise<void> {
    await wires.known()?.account.doubt();
    await look();
  }
  return {
    read,
    follow,
    doubt,
    wantFactor: () => {
      factorWanted = true;
      emit();
    },
    view: () => ({
      stage: stageOf(standing, { factorWanted, renew }),
      email: who,
      me,
    }),
    account: accountOf({ parts, deps, read, act, doubt, confirmed: () => (factorWanted = false) }),
  };
}

interface AccountOptions {
  readonly deps: PhoneDeps;
  readonly parts: Parts;
  readonly read: () => Promise<void>;
  /** Does something with the account, and then looks where it stands. */
  readonly act: <T>(work: (account: Account) => Promise<T>) => Promise<T>;
  readonly doubt: () => Promise<void>;
  readonly confirmed: () => void;
}

function accountOf({ deps, parts, read, act, doubt, confirmed }: AccountOptions): Access['account'] {
  const { codes, wires, post, refresh } = parts;
  return {
    doubt,
    ...changesOf({ db: deps.db, wires, act }),
    signUp: (credentials) => act((account) => account.signUp(credentials)),
    signIn: (credentials) => act((account) => account.signIn(credentials)),
    enrol: async () => (await wires.get()).account.enrol(),
    verify: (code, factorId) =>
      act(async (account) => {
        await account.verify(code, factorId);
        confirmed();
      }),
    signOut: async () => {
      await post.hush();
      await signOut(deps, wires);
      await codes.load();
      await read();
    },
    forget: async () => {
      await post.hush();
      await signOut(deps, wires);
      await deps.db.write(async (tx) => {
        for (const table of TABLES) await tx.clear(table);
      });
      await codes.load();
      await refresh();
      await read();
    },
  };
}

async function signOut(deps: PhoneDeps, wires: Wires): Promise<void> {
  for (const cell of [META.who, META.renew, META.codes]) await dropMeta(deps.db, cell);
  const wire = wires.known();
  if (!wire) return;
  // Best effort: the subscription dies with the session anyway, this only spares a useless push.
  await wire.relay.deletePush().catch(() => undefined);
  await wire.account.signOut();
  await dropMeta(deps.db, META.push);
  await dropMeta(deps.db, META.bound);
}

/** Written only when it is another: each write is told to the phone's other pages, which look then. */
async function keepWho(db: PhoneDeps['db'], standing: Standing): Promise<string> {
  const before = (await readMeta(db, META.who)) ?? '';
  if (standing.is === 'signed-out' || standing.email === before) return before;
  await writeMeta(db, META.who, standing.email);
  return standing.email;
}

function stageOf(
  standing: Standing | undefined,
  { factorWanted, renew }: { factorWanted: boolean; renew: boolean },
): PhoneView['stage'] {
  if (!standing) return 'loading';
  if (standing.is !== 'ready') return standing.is;
  if (factorWanted) return 'factor';
  return renew ? 'renew' : 'ready';
}
