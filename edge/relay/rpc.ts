import type { Fetch } from './auth.ts';
import type { Settings } from './config.ts';
import { projectClient } from './project-client.ts';

/** What a function of the database answered; or why it did not, with PostgREST's status (0: nobody answered). */
export interface RpcAnswer {
  readonly data: unknown;
  readonly error: { readonly code: string; readonly message: string; readonly details: string | null } | null;
  readonly status: number;
}

/** Calls a function of schema `public` as service_role. Does not reject. */
export type Rpc = (name: string, args: object) => Promise<RpcAnswer>;

/** Through the project's own door, `/rest/v1/rpc`. */
export function projectRpc(settings: Settings, fetch: Fetch): Rpc {
  const client = projectClient(settings, fetch);
  return async (name, args) => client.rpc(name, args);
}
