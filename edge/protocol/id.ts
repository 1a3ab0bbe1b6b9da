import * as z from 'zod/mini';
import { toB64u } from './bytes.ts';

/** 128 random bits as base64url: an envelope's id and the idempotency key everywhere. A task's id is the id of its envelope. */
export const idSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{22}$/));

/** RFC 7638 thumbprint (SHA-256, base64url) of a public key: names a device (`kid`) or an encryption key (`ek`). */
export const thumbprintSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

/** A SHA-256 as base64url. */
export const hashSchema = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));

export const newId = (): string => toB64u(crypto.getRandomValues(new Uint8Array(16)));
