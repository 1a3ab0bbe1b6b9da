import { concat, fromB64u, sha256, toB64u, toBytes, toText } from './bytes.ts';

/** Crockford's base32: no I, L, O, U; read back without regard to case, with I and L as 1 and O as 0. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 20;

/** The one secret of an offer, as 20 base32 characters (100 random bits). Link, QR and typed code all carry this. */
export function newPairingCode(): string {
  return [...crypto.getRandomValues(new Uint8Array(LENGTH))].map((byte) => ALPHABET[byte & 31]).join('');
}

/** "K7QM-…": in groups of four, for the eye. */
export const showPairingCode = (code: string): string => code.replace(/(.{4})(?!$)/g, '$1-');

/** What the person typed, as a code; undefined when it cannot be one. */
export const readPairingCode = (typed: string): string | undefined => readCode(typed, LENGTH);

/** The same for any code of so many characters. */
export function readCode(typed: string, length: number): string | undefined {
  const code = typed.toUpperCase().replace(/[\s-]/g, '').replace(/[IL]/g, '1').replace(/O/g, '0');
  return code.length === length && /^[0-9A-HJKMNP-TV-Z]+$/.test(code) ? code : undefined;
}

/** HKDF-SHA256 (RFC 5869) without salt: the code is uniformly random. */
export async function deriveFromCode(code: string, info: Uint8Array, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', toBytes(code), 'HKDF', false, ['deriveBits']);
  const params = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: new Uint8Array(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(params, key, length * 8));
}

/** Where the relay keeps the offer of this code. Derived, so that a typed code alone finds it. */
export const pairingId = async (code: string): Promise<string> =>
  toB64u(await deriveFromCode(code, toBytes('errand1 pair id'), 16));

/** Six digits that both screens show: they agree only when both saw the same offer and the same claim. */
export async function comparisonDigits(code: string, offerBody: string, claim: string): Promise<string> {
  const transcript = await sha256(toBytes(`${offerBody}.${claim}`));
  const bytes = await deriveFromCode(code, concat(toBytes('errand1 sas'), transcript), 8);
  const digits = (new DataView(bytes.buffer).getBigUint64(0) % 1_000_000n).toString().padStart(6, '0');
  return `${digits.slice(0, 3)} ${digits.slice(3)}`;
}

export interface PairingLink {
  readonly code: string;
  /** Another relay than the one that serves the app. */
  readonly relay?: { readonly url: string; readonly publishableKey: string };
}

/** The link's secret stands after '#': no server and no log sees it. */
export function writePairingLink(app: string, link: PairingLink): string {
  const relay = link.relay ? `.${toB64u(toBytes(`${link.relay.publishableKey} ${link.relay.url}`))}` : '';
  return `${app.replace(/\/$/, '')}/pair#${link.code}${relay}`;
}

/** Reads the part after '#'; undefined when it is no pairing link. */
export function readPairingLink(fragment: string): PairingLink | undefined {
  const [typed = '', relayText] = fragment.replace(/^#/, '').split('.');
  const code = readPairingCode(typed);
  if (code === undefined) return undefined;
  if (relayText === undefined) return { code };
  try {
    const [publishableKey, url] = toText(fromB64u(relayText)).split(' ');
    return publishableKey && url ? { code, relay: { url: new URL(url).href, publishableKey } } : undefined;
  } catch {
    return undefined;
  }
}
