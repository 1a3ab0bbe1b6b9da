import { AuthClient } from '@supabase/auth-js';
import * as z from 'zod/mini';
import { fromB64u, toText } from '../../edge/protocol/bytes.ts';
import { relayClient } from '../../edge/mailbox/relay-client.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { makeProof } from '../../edge/protocol/proof.ts';
import type { Addresses } from './addresses.ts';

class LoginProblem extends Error {
  override readonly name = 'LoginProblem';
  readonly code: 'login.refused' | 'login.no-factor' | 'login.code';

  constructor(code: LoginProblem['code'], message: string) {
    super(message);
    this.code = code;
  }
}

interface Options {
  readonly addresses: Addresses;
  readonly publishableKey: string;
  readonly fetch: typeof fetch;
  readonly identity: Identity;
  /** Unix seconds, by the relay's clock when this one is wrong. */
  readonly now: () => number;
}

const claimsSchema = z.object({ session_id: z.string() });

/**
 * The owner signs in at the desk, once, to register this desktop under the account. The session lives in memory for that one call
 * and is signed out; commands still need a paired phone. Rejects with {@link LoginProblem} or RelayError.
 */
export async function login(options: Options, owner: { email: string; password: string; code: string }): Promise<void> {
  const { addresses, publishableKey, identity } = options;
  const auth = new AuthClient({
    url: addresses.auth,
    headers: { apikey: publishableKey },
    autoRefreshToken: false,
    persistSession: false,
    detectSessionInUrl: false,
    fetch: options.fetch,
  });
  const token = await signIn(auth, owner);
  const session = claimsSchema.parse(JSON.parse(toText(fromB64u(token.split('.')[1] ?? '')))).session_id;
  const relay = relayClient({ url: addresses.relay, publishableKey, fetch: options.fetch, token: async () => token });
  try {
    await relay.registerDevice(
      await makeProof(identity, { use: 'register', device: identity.device, session, iat: options.now() }),
    );
  } finally {
    // 'local': the default would sign the owner's phone out too.
    await auth.signOut({ scope: 'local' });
  }
}

async function signIn(
  auth: InstanceType<typeof AuthClient>,
  owner: { email: string; password: string; code: string },
): Promise<string> {
  const { email, password, code } = owner;
  const signed = await auth.signInWithPassword({ email, password });
  if (signed.error)
    throw new LoginProblem('login.refused', `The relay refused the e-mail or the password (${signed.error.message}).`);
  const factors = await auth.mfa.listFactors();
  const factor = factors.data?.totp[0];
  if (!factor)
    throw new LoginProblem(
      'login.no-factor',
      'This account has no second factor yet. Finish signing up on the phone first.',
    );
  const verified = await auth.mfa.challengeAndVerify({ factorId: factor.id, code });
  if (verified.error)
    throw new LoginProblem('login.code', 'The code was not accepted. Enter the one your authenticator shows now.');
  return verified.data.access_token;
}
