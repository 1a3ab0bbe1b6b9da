import type * as z from 'zod/mini';
import type { Device } from '../protocol/device.ts';
import { WIRE_ERRORS, wireErrorSchema, type WireErrorCode } from '../protocol/error.ts';
import {
  ackedSchema,
  blobPostedSchema,
  configSchema,
  devicesSchema,
  nonceSchema,
  okSchema,
  pairingPostedSchema,
  pairingSchema,
  postedSchema,
  pulledSchema,
  recoveryCodesSchema,
  recoverySchema,
  tokenHashSchema,
  type PairingStatus,
  type Pulled,
  type PushSubscription,
  type RecoveryState,
  type RelayConfig,
  type RelayDevices,
} from '../protocol/http.ts';
import type { Offer } from '../protocol/offer.ts';

/** The relay answered with one of its own codes, or (network.*) did not answer at all. */
export type RelayErrorCode = WireErrorCode | 'network.unreachable' | 'network.bad-answer';

const isWireCode = (code: string): code is WireErrorCode => code in WIRE_ERRORS;

/** Seconds. */
const LONGEST_PAUSE = 3600;

export class RelayError extends Error {
  override readonly name = 'RelayError';
  readonly code: RelayErrorCode;
  /** Seconds the relay asks to wait, when it said. */
  readonly retryAfter: number | undefined;
  /** The relay's time in Unix seconds, with clock.skew. */
  readonly relayNow: number | undefined;

  constructor(code: RelayErrorCode, message: string, more: { retryAfter?: number; relayNow?: number } = {}) {
    super(message);
    this.code = code;
    this.retryAfter = more.retryAfter;
    this.relayNow = more.relayNow;
  }

  /** The same request may succeed later without anybody changing anything. */
  get passing(): boolean {
    return PASSING.has(this.code);
  }
}

const PASSING: ReadonlySet<RelayErrorCode> = new Set([
  'network.unreachable',
  'network.bad-answer',
  'request.too-slow',
  'quota.exceeded',
  'relay.unavailable',
  'relay.internal',
  'auth.missing',
  'auth.invalid',
  'auth.second-factor',
  'device.unbound',
  'clock.skew',
]);

export interface RelayClient {
  config(): Promise<RelayConfig>;
  postEnvelope(envelope: string): Promise<{ id: string; now: number }>;
  withdraw(id: string): Promise<void>;
  pull(options: { max: number; epoch: number }): Promise<Pulled>;
  ack(acks: readonly { id: string; leaseNo: number }[]): Promise<void>;
  postPairing(offer: Offer, pollSecret?: string): Promise<{ pollSecret: string }>;
  pairing(pid: string, pollSecret?: string): Promise<PairingStatus>;
  claimPairing(pid: string, claim: string, device: Device): Promise<void>;
  confirmPairing(pid: string, proof: string, pollSecret: string): Promise<void>;
  sessionNonce(kid: string): Promise<string>;
  sessionToken(proof: string): Promise<string>;
  registerDevice(proof: string): Promise<void>;
  bindDevice(proof: string): Promise<void>;
  rotateKey(proof: string): Promise<void>;
  devices(): Promise<RelayDevices>;
  revokeDevice(kid: string): Promise<void>;
  stop(kid: string, code?: string): Promise<void>;
  recovery(): Promise<RecoveryState>;
  makeRecoveryCodes(): Promise<readonly string[]>;
  recover(code: string, password: string): Promise<void>;
  putPush(subscription: PushSubscription): Promise<void>;
  deletePush(): Promise<void>;
  putBlob(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  getBlob(id: string): Promise<Uint8Array<ArrayBuffer>>;
}

export interface RelayClientOptions {
  /** Address of the relay, e.g. `https://host/functions/v1/relay`. */
  readonly url: string;
  readonly publishableKey: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** The session's access token, when there is a session. */
  readonly token: () => Promise<string | undefined>;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly json?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly pollSecret?: string | undefined;
}

/** Typed calls of every route of `protocol/http.ts`. All reject with {@link RelayError} and with nothing else. */
export function relayClient(options: RelayClientOptions): RelayClient {
  const send = (call: Call): Promise<Response> => request(options, call);
  async function ask<T extends z.ZodMiniType>(schema: T, call: Call): Promise<z.infer<T>> {
    const parsed = schema.safeParse(await bodyOf(await send(call)));
    if (!parsed.success)
      throw new RelayError('network.bad-answer', 'The relay answered in a way this version cannot read.');
    return parsed.data;
  }
  const done = async (call: Call): Promise<void> => void (await ask(okSchema, call));
  return {
    config: () => ask(configSchema, { method: 'GET', path: '/config' }),
    postEnvelope: (envelope) => ask(postedSchema, { method: 'POST', path: '/envelopes', json: { envelope } }),
    withdraw: (id) => done({ method: 'DELETE', path: `/envelopes/${id}` }),
    pull: (json) => ask(pulledSchema, { method: 'POST', path: '/inbox/pull', json }),
    ack: async (acks) => void (await ask(ackedSchema, { method: 'POST', path: '/inbox/ack', json: { acks } })),
    postPairing: (offer, pollSecret) =>
      ask(pairingPostedSchema, { method: 'POST', path: '/pairings', json: { offer, pollSecret } }),
    pairing: (pid, pollSecret) => ask(pairingSchema, { method: 'GET', path: `/pairings/${pid}`, pollSecret }),
    claimPairing: (pid, claim, device) =>
      done({ method: 'POST', path: `/pairings/${pid}/claim`, json: { claim, device } }),
    confirmPairing: (pid, proof, pollSecret) =>
      done({ method: 'POST', path: `/pairings/${pid}/confirm`, json: { proof }, pollSecret }),
    sessionNonce: async (kid) =>
      (await ask(nonceSchema, { method: 'POST', path: '/devices/session', json: { kid } })).nonce,
    sessionToken: async (proof) =>
      (await ask(tokenHashSchema, { method: 'POST', path: '/devices/session', json: { proof } })).tokenHash,
    registerDevice: (proof) => done({ method: 'POST', path: '/devices', json: { proof } }),
    bindDevice: (proof) => done({ method: 'POST', path: '/devices/bind', json: { proof } }),
    rotateKey: (proof) => done({ method: 'POST', path: '/devices/key', json: { proof } }),
    devices: () => ask(devicesSchema, { method: 'GET', path: '/devices' }),
    revokeDevice: (kid) => done({ method: 'DELETE', path: `/devices/${kid}` }),
    stop: (kid, code) => done({ method: 'POST', path: '/stop', json: { kid, code } }),
    recovery: () => ask(recoverySchema, { method: 'GET', path: '/recovery' }),
    makeRecoveryCodes: async () => (await ask(recoveryCodesSchema, { method: 'POST', path: '/recovery/codes' })).codes,
    recover: (code, password) => done({ method: 'POST', path: '/recovery', json: { code, password } }),
    putPush: (json) => done({ method: 'PUT', path: '/push', json }),
    deletePush: () => done({ method: 'DELETE', path: '/push' }),
    putBlob: async (bytes) => (await ask(blobPostedSchema, { method: 'POST', path: '/blobs', bytes })).id,
    getBlob: async (id) => new Uint8Array(await (await send({ method: 'GET', path: `/blobs/${id}` })).arrayBuffer()),
  };
}

async function request(options: RelayClientOptions, call: Call): Promise<Response> {
  const token = await options.token();
  const headers: Record<string, string> = { apikey: options.publishableKey };
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
  if (call.pollSecret !== undefined) headers['x-poll-secret'] = call.pollSecret;
  const init: RequestInit = { method: call.method, headers };
  if (call.json !== undefined) {
    headers['content-type'] = 'application/json';
    init.body = JSON.stringify(call.json);
  } else if (call.bytes !== undefined) {
    headers['content-type'] = 'application/octet-stream';
    init.body = call.bytes;
  }
  let response: Response;
  try {
    response = await options.fetch(options.url + call.path, init);
  } catch {
    throw new RelayError(
      'network.unreachable',
      'The relay cannot be reached. Check the network; what was sent waits here.',
    );
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

/** The code is the relay's; the words for it are ours, because they are shown. */
async function errorOf(response: Response): Promise<RelayError> {
  const parsed = wireErrorSchema.safeParse(await bodyOf(response));
  if (!parsed.success || !isWireCode(parsed.data.error.code)) {
    // Perhaps it was somebody in front of the relay.
    const asked = response.headers.get('retry-after');
    return new RelayError(
      'network.bad-answer',
      `The relay answered ${response.status} without saying why. Check its address.`,
      pauseOf(asked === null ? undefined : Number(asked)),
    );
  }
  const { code, retryAfter, now } = parsed.data.error;
  return new RelayError(code, WIRE_ERRORS[code].message, {
    ...pauseOf(retryAfter),
    ...(now === undefined ? {} : { relayNow: now }),
  });
}

/** What timers can count: a relay must neither silence a device for ever nor make it ask without a pause. */
const pauseOf = (seconds = Number.NaN): { retryAfter?: number } =>
  Number.isNaN(seconds) ? {} : { retryAfter: Math.min(Math.max(seconds, 1), LONGEST_PAUSE) };
