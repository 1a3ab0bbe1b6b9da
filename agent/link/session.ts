import type { AuthClient } from '@supabase/auth-js';
import { RelayError, type RelayClient } from '../../edge/mailbox/relay-client.ts';
import type { Identity } from '../../edge/protocol/identity.ts';
import { makeProof } from '../../edge/protocol/proof.ts';

/** Between two tries to get a new session, so that a desktop nobody paired does not ask all day. */
const PAUSE_MS = 5000;

/** The session of this desktop's own machine user. It never holds the owner's. */
export interface Session {
  /** A token that is good for a while; undefined when there is no session just now. */
  readonly token: () => Promise<string | undefined>;
  /** Gets a new session with the device key: after pairing, or when the relay no longer takes the old one. Rejects with RelayError. */
  readonly renew: () => Promise<void>;
}

interface Options {
  readonly auth: InstanceType<typeof AuthClient>;
  /** The relay without a session: a proof by the device key is all it needs. */
  readonly relay: Pick<RelayClient, 'sessionNonce' | 'sessionToken'>;
  readonly identity: Identity;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Unix seconds, by the relay's clock when this one is wrong. */
  readonly proofTime: () => number;
}

export function createSession({ auth, relay, identity, now, proofTime }: Options): Session {
  const { kid } = identity.device;
  let renewing: Promise<void> | undefined;
  let pausedUntil = 0;

  async function fetchSession(): Promise<void> {
    const nonce = await relay.sessionNonce(kid);
    const proof = await makeProof(identity, { use: 'session', kid, nonce, iat: proofTime() });
    const { error } = await auth.verifyOtp({ type: 'magiclink', token_hash: await relay.sessionToken(proof) });
    if (error) throw new RelayError('network.bad-answer', `The relay gave no session (${error.message}).`);
  }
  function renew(): Promise<void> {
    renewing ??= fetchSession().finally(() => {
      renewing = undefined;
    });
    return renewing;
  }
  const stored = async (): Promise<string | undefined> => (await auth.getSession()).data.session?.access_token;

  return {
    renew,
    token: async () => {
      const token = await stored();
      if (token !== undefined || now() < pausedUntil) return token;
      try {
        await renew();
      } catch (error) {
        if (!(error instanceof RelayError)) throw error;
        pausedUntil = now() + PAUSE_MS;
        return undefined;
      }
      return stored();
    },
  };
}
