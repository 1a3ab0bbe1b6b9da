import type { Context, Handler } from 'hono';
import type { Accounts } from './accounts.ts';
import type { Caller, Verify } from './auth.ts';
import type { Settings } from './config.ts';
import type { Limits } from './limits.ts';
import type { MachineUsers } from './machine-users.ts';
import type { KnownSenders } from './known-senders.ts';
import type { DeviceClaim, KnownDevice, Store } from './store.ts';

/** One line of the log. It never holds a body, a token, an envelope or an address. */
export interface LogEntry {
  readonly event: string;
  readonly route?: string;
  readonly error?: string;
  readonly status?: number;
}

export type Owner = Extract<Caller, { role: 'owner' }>;

export interface RelayDeps {
  readonly settings: Settings;
  readonly limits: Limits;
  readonly store: Store;
  readonly senders: KnownSenders;
  readonly verify: Verify;
  readonly machines: MachineUsers;
  readonly accounts: Accounts;
  /** Sends what waits to be pushed, after the response. */
  readonly sendPushes: () => void;
  /** Unix seconds. */
  readonly now: () => number;
  readonly clientIp: (request: Request) => string;
  readonly log: (entry: LogEntry) => void;
}

/** What the guards of `auth.ts` leave for the handlers behind them. */
export interface RelayEnv {
  Variables: { owner: Owner; claim: DeviceClaim; device: KnownDevice };
}

export type RelayContext = Context<RelayEnv>;
export type RelayHandler = Handler<RelayEnv>;
