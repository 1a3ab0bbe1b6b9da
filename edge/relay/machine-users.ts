import type { Fetch } from './auth.ts';
import type { Settings } from './config.ts';
import { Refusal } from './errors.ts';
import { projectClient } from './project-client.ts';

/** Accounts of desktops. None has a password, and none can be guessed by its address. */
export interface MachineUsers {
  create(kid: string, owner: string): Promise<{ id: string; email: string }>;
  /** A fresh one-use hash for `verifyOtp({type: 'magiclink'})`. */
  tokenHash(email: string): Promise<string>;
  /** An account that is gone already is no fault. */
  remove(id: string): Promise<void>;
}

/** By Auth's admin calls. All reject with {@link Refusal} `relay.unavailable` when Auth does not do as asked. */
export function machineUsers(settings: Settings, fetch: Fetch): MachineUsers {
  const { admin } = projectClient(settings, fetch).auth;
  return {
    create: async (kid, owner) => {
      const email = `${crypto.randomUUID()}@device.invalid`;
      const app_metadata = { kind: 'device', kid, owner };
      const { data } = await admin.createUser({ email, email_confirm: true, app_metadata });
      if (!data.user) throw new Refusal('relay.unavailable');
      return { id: data.user.id, email };
    },
    tokenHash: async (email) => {
      const { data } = await admin.generateLink({ type: 'magiclink', email });
      if (!data.properties) throw new Refusal('relay.unavailable');
      return data.properties.hashed_token;
    },
    remove: async (id) => {
      const { error } = await admin.deleteUser(id);
      if (error && error.status !== 404) throw new Refusal('relay.unavailable');
    },
  };
}
