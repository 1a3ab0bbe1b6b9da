import { createHash, createHmac } from 'node:crypto';
import type { Chance } from './faults-chance.ts';

/*
 * WebCrypto works on threads of its own: two chains of promises would run in another order at each run. Here its answers arrive one
 * at a time, in the order in which they were asked for, and not while something else is at work; ids follow from the seed. Hashes are
 * made at once, which is most of what there is to do.
 */

export interface SteadyCrypto {
  /** Operations that were begun and not answered. */
  pending(): number;
  /** Ids from now on come from here. */
  seed(chance: Chance): void;
}

type Bytes = Uint8Array<ArrayBuffer> | ArrayBuffer;
const buffer = (bytes: Bytes): Uint8Array => (bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes));

/** Replaces this process's WebCrypto for good. `mayAnswer` is asked before each answer. */
export function steadyCrypto(mayAnswer: () => boolean): SteadyCrypto {
  const { subtle } = crypto;
  const hmacKeys = new WeakMap<object, Uint8Array>();
  const imported = new Map<string, Promise<unknown>>();
  let source: Chance | undefined;
  let pending = 0;
  let last: Promise<unknown> = Promise.resolve();

  async function inTurn(work: Promise<unknown>, before: Promise<unknown>): Promise<unknown> {
    await Promise.allSettled([work, before]);
    while (!mayAnswer()) await new Promise((resolve) => setImmediate(resolve));
    pending -= 1;
    return work;
  }
  function real(name: string): (args: unknown[]) => Promise<unknown> {
    const method: unknown = Reflect.get(subtle, name);
    if (typeof method !== 'function') throw new Error(`WebCrypto has no ${name}`);
    return (args) => {
      pending += 1;
      last = inTurn(Promise.resolve(Reflect.apply(method, subtle, args)), last);
      return last;
    };
  }
  const replace = (name: string, value: (...args: never[]) => unknown): void =>
    void Object.defineProperty(subtle, name, { value });

  for (const name of ['encrypt', 'decrypt', 'verify', 'deriveBits', 'deriveKey', 'generateKey', 'exportKey']) {
    const slow = real(name);
    replace(name, (...args: unknown[]) => slow(args));
  }
  const sign = real('sign');
  replace('sign', async (algorithm: unknown, key: object, data: Bytes) => {
    const secret = hmacKeys.get(key);
    if (!secret) return sign([algorithm, key, data]);
    return new Uint8Array(createHmac('sha256', secret).update(buffer(data)).digest()).buffer;
  });
  const importKey = real('importKey');
  replace(
    'importKey',
    async (format: string, data: Bytes, algorithm: string | { name: string }, ...more: unknown[]) => {
      if (typeof algorithm === 'object' && algorithm.name === 'HMAC') {
        const key = {};
        hmacKeys.set(key, buffer(data).slice());
        return key;
      }
      if (format !== 'jwk') return importKey([format, data, algorithm, ...more]);
      const args = [format, data, algorithm, ...more];
      const name = JSON.stringify(args);
      const known = imported.get(name) ?? importKey(args);
      imported.set(name, known);
      return known;
    },
  );
  replace(
    'digest',
    async (_sha256: string, bytes: Bytes) => new Uint8Array(createHash('sha256').update(buffer(bytes)).digest()).buffer,
  );
  const random = crypto.getRandomValues.bind(crypto);
  Object.defineProperty(crypto, 'getRandomValues', {
    value: (array: Uint8Array<ArrayBuffer>) => {
      if (!source) return random(array);
      for (let at = 0; at < array.length; at++) array[at] = source.below(256);
      return array;
    },
  });
  return {
    pending: () => pending,
    seed: (chance) => {
      source = chance;
    },
  };
}
