import type { Fetch } from './auth.ts';
import type { Settings } from './config.ts';
import { Refusal } from './errors.ts';
import { projectClient } from './project-client.ts';

/** What the relay may do to a person's account, by Auth's admin calls. All reject with {@link Refusal}. */
export interface Accounts {
  /** Rejects with auth.invalid when the session behind the token is over: a token alone is good until it expires. */
  checkLive(token: string): Promise<void>;
  /** A new password, and no session but those opened with it from now on. `token`: of any session of the user. */
  renew(user: string, change: { password: string; token: string }): Promise<void>;
  dropFactors(user: string): Promise<void>;
  /** Who has this address, and a one-use code that opens a session in place of the password. */
  passwordCode(email: string): Promise<{ user: string; code: string }>;
}

export function accounts(settings: Settings, fetch: Fetch): Accounts {
  const { auth } = projectClient(settings, fetch);
  const { admin } = auth;
  return {
    checkLive: async (token) => {
      const { error } = await auth.getUser(token);
      if (error) throw new Refusal(saidNo(error) ? 'auth.invalid' : 'relay.unavailable');
    },
    renew: async (user, { password, token }) => {
      const { error } = await admin.updateUserById(user, { password });
      if (error) throw new Refusal(PASSWORD_FAULTS.has(error.code ?? '') ? 'recovery.password' : 'relay.unavailable');
      // Auth ends the sessions with the password already, and then does not know this one: that is no fault.
      const out = await admin.signOut(token, 'global');
      if (out.error && !saidNo(out.error)) throw new Refusal('relay.unavailable');
    },
    dropFactors: async (user) => {
      const { data, error } = await admin.mfa.listFactors({ userId: user });
      if (error) throw new Refusal('relay.unavailable');
      for (const { id } of data.factors) {
        const gone = await admin.mfa.deleteFactor({ userId: user, id });
        if (gone.error && gone.error.status !== 404) throw new Refusal('relay.unavailable');
      }
    },
    passwordCode: async (email) => {
      const { data, error } = await admin.generateLink({ type: 'recovery', email });
      if (error) throw new Refusal(error.code === 'user_not_found' ? 'recovery.account' : 'relay.unavailable');
      return { user: data.user.id, code: data.properties.email_otp };
    },
  };
}

/** Otherwise Auth could not be asked: then the status is 0, or a gateway's. */
const saidNo = ({ status = 0 }: { status?: number | undefined }): boolean => status >= 400 && status < 500;

const PASSWORD_FAULTS: ReadonlySet<string> = new Set(['weak_password', 'same_password']);
