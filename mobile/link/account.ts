import type { AuthClient } from '@supabase/auth-js';
import * as z from 'zod/mini';
import { endingByOwnClock } from '../../edge/mailbox/session-storage.ts';
import { newId } from '../../edge/protocol/id.ts';
import { claimsOf } from './claims.ts';
import type { Db } from './db.ts';
import type { Fetch } from './fetch.ts';
import { PhoneFault } from './fault.ts';
import { accountFault } from './account-fault.ts';

type Auth = InstanceType<typeof AuthClient>;

/** Where signing in stands, and so what comes next: the second factor is part of the account from the first minute. */
export type Standing =
  | { readonly is: 'signed-out' }
  | { readonly is: 'enrol'; readonly email: string }
  | { readonly is: 'factor'; readonly email: string }
  | { readonly is: 'ready'; readonly email: string; readonly session: string };

export interface Enrolment {
  readonly factorId: string;
  /** `otpauth:` address: opens an authenticator on the phone itself. */
  readonly uri: string;
  readonly secret: string;
  /** A picture as data URL, for an authenticator on another device. */
  readonly picture: string;
}

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** All reject with {@link PhoneFault}. */
export interface Account {
  /** What the stored session says; works offline. */
  standing(): Promise<Standing>;
  signUp(credentials: Credentials): Promise<void>;
  signIn(credentials: Credentials): Promise<void>;
  enrol(): Promise<Enrolment>;
  /** Gives a code of the authenticator: of the factor being enrolled, or of the one the account has. */
  verify(code: string, factorId?: string): Promise<void>;
  /** Both need a code entered in the last ten minutes; a new password ends the account's other sessions. */
  changePassword(password: string): Promise<void>;
  changeEmail(email: string): Promise<void>;
  /** A code for a new password appears where the relay runs, or comes by mail. */
  askReset(email: string): Promise<void>;
  /** That code in the place of the password. */
  enterReset(reset: { email: string; code: string }): Promise<void>;
  /** This phone only; the account's other sessions stay. */
  signOut(): Promise<void>;
  /** A valid access token, refreshed where needed; undefined when signed out or out of reach. */
  readonly token: () => Promise<string | undefined>;
  /** The relay refused the token: renews the session, which ends it here when it is over there. Once for each token. */
  doubt(): Promise<void>;
  /** Ends refreshing and listening. */
  stop(): void;
}

const STORAGE_KEY = 'session';
/** Seconds before its end at which a token is renewed: auth-js renews at the same mark. */
const MARGIN = 90;

const storedSchema = z.object({
  access_token: z.string(),
  expires_at: z.optional(z.number()),
  user: z.object({
    email: z.optional(z.string()),
    factors: z.optional(z.array(z.object({ id: z.string(), status: z.string() }))),
  }),
});
type Stored = z.infer<typeof storedSchema>;

/** auth-js wants Web Storage; a service worker has none, so the session lives in the phone's database. */
const storageOver = (db: Db) => ({
  getItem: async (key: string): Promise<string | null> => {
    const value = await db.read((tx) => tx.get('meta', `auth:${key}`));
    return typeof value === 'string' ? value : null;
  },
  setItem: (key: string, value: string): Promise<void> => db.write((tx) => tx.put('meta', `auth:${key}`, value)),
  removeItem: (key: string): Promise<void> => db.write((tx) => tx.delete('meta', `auth:${key}`)),
});

function standingOf(stored: Stored | undefined): Standing {
  const claims = stored && claimsOf(stored.access_token);
  if (!stored || !claims) return { is: 'signed-out' };
  const email = stored.user.email ?? '';
  if (claims.aal === 'aal2') return { is: 'ready', email, session: claims.session_id };
  const enrolled = (stored.user.factors ?? []).some((factor) => factor.status === 'verified');
  return enrolled ? { is: 'factor', email } : { is: 'enrol', email };
}

export function createAccount(options: {
  db: Db;
  /** Auth's address, e.g. `https://host/auth/v1`. */
  url: string;
  publishableKey: string;
  fetch: Fetch;
  /** Unix milliseconds. */
  now: () => number;
}): Account {
  const storage = endingByOwnClock(storageOver(options.db), options.now);
  const stored = async (): Promise<Stored | undefined> => readStored(await storage.getItem(STORAGE_KEY));
  let doubted: string | undefined;
  /** Two fifths of the app's code, and not needed before a session begins, ends or must be renewed. */
  const { auth, stop } = clientOver(() => createClient(options, storage));
  return {
    standing: async () => standingOf(await stored()),
    signUp: async (credentials) => {
      const { data, error } = await (await auth()).signUp(credentials);
      if (error) throw accountFault(error);
      if (!data.session) throw new PhoneFault('account.unconfirmed');
    },
    signIn: async (credentials) => {
      const { error } = await (await auth()).signInWithPassword(credentials);
      if (error) throw accountFault(error);
    },
    enrol: async () => enrol(await auth()),
    verify: async (code, factorId) => verify(await auth(), code, factorId),
    changePassword: async (password) => done(await (await auth()).updateUser({ password })),
    changeEmail: async (email) => done(await (await auth()).updateUser({ email })),
    askReset: async (email) => done(await (await auth()).resetPasswordForEmail(email)),
    enterReset: async ({ email, code }) =>
      done(await (await auth()).verifyOtp({ type: 'recovery', email, token: code.trim() })),
    signOut: async () => {
      // Out of reach or not: this phone forgets the session. The default scope would end the account's other sessions too.
      await (await auth()).signOut({ scope: 'local' });
      await storage.removeItem(STORAGE_KEY);
    },
    token: async () => {
      const session = await stored();
      if (!session) return undefined;
      const isFresh = (session.expires_at ?? 0) - options.now() / 1000 > MARGIN;
      return isFresh ? session.access_token : (await (await auth()).getSession()).data.session?.access_token;
    },
    doubt: async () => {
      const session = await stored();
      if (!session || session.access_token === doubted) return;
      doubted = session.access_token;
      const { error } = await (await auth()).refreshSession();
      if (error?.name === 'AuthRetryableFetchError') doubted = undefined;
      // auth-js keeps a session that cannot be renewed for as long as its token is good, and the relay has just said that it is not.
      else if (error) await storage.removeItem(STORAGE_KEY);
    },
    stop,
  };
}

/** One client, made at the first need. When its code could not be fetched, it is tried again at the next. */
function clientOver(make: () => Promise<Auth>): { auth: () => Promise<Auth>; stop: () => void } {
  let client: Promise<Auth> | undefined;
  const forget = (error: unknown): never => {
    client = undefined;
    throw error;
  };
  return {
    auth: () => (client ??= make().catch(forget)),
    stop: () => void client?.then((made) => made.dispose()),
  };
}

function done({ error }: { error: Parameters<typeof accountFault>[0] | null }): void {
  if (error) throw accountFault(error);
}

async function createClient(
  { url, publishableKey, fetch }: { url: string; publishableKey: string; fetch: Fetch },
  storage: ReturnType<typeof endingByOwnClock>,
): Promise<Auth> {
  const { AuthClient } = await import('@supabase/auth-js');
  return new AuthClient({
    url,
    headers: { apikey: publishableKey },
    storageKey: STORAGE_KEY,
    storage,
    // oxlint-disable-next-line typescript/consistent-type-assertions -- its type is the runtime's own, with members it never uses
    fetch: fetch as typeof globalThis.fetch,
    // getSession() renews when it must; a timer of its own would also run in a service worker and a terminal.
    autoRefreshToken: false,
    persistSession: true,
    detectSessionInUrl: false,
  });
}

function readStored(text: string | null): Stored | undefined {
  if (text === null) return undefined;
  const parsed = storedSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

async function enrol(auth: Auth): Promise<Enrolment> {
  // A name of its own: an enrolment that was left in the middle would answer mfa_factor_name_conflict.
  const friendlyName = `Authenticator ${newId().slice(0, 6)}`;
  const { data, error } = await auth.mfa.enroll({ factorType: 'totp', issuer: 'Errand', friendlyName });
  if (error) throw accountFault(error);
  return { factorId: data.id, uri: data.totp.uri, secret: data.totp.secret, picture: data.totp.qr_code };
}

async function verify(auth: Auth, code: string, given?: string): Promise<void> {
  const factorId = given ?? (await verifiedFactor(auth));
  const { error } = await auth.mfa.challengeAndVerify({ factorId, code: code.replace(/\s/g, '') });
  if (error) throw accountFault(error);
}

async function verifiedFactor(auth: Auth): Promise<string> {
  const { data, error } = await auth.mfa.listFactors();
  if (error) throw accountFault(error);
  const [factor] = data.totp;
  if (!factor) throw new PhoneFault('account.gone');
  return factor.id;
}
