import { beforeAll, expect, test } from 'bun:test';
import { CompactSign } from 'jose';
import { toBytes } from '../../edge/protocol/bytes.ts';
import { newId } from '../../edge/protocol/id.ts';
import { newIdentity, type Identity } from '../../edge/protocol/identity.ts';
import { makeProof, peekProof, readProof, type Proof } from '../../edge/protocol/proof.ts';
import { attack } from '../support/evidence.ts';

const ACCOUNTS = 'accounts and tokens';
let phone: Identity;
let thief: Identity;
let proof: Proof;

beforeAll(async () => {
  phone = await newIdentity({ kind: 'phone', name: 'Pixel', extractable: false });
  thief = await newIdentity({ kind: 'phone', name: 'Thief', extractable: false });
  proof = { use: 'bind', kid: phone.device.kid, session: newId(), iat: 1_800_000_000 };
});

const readAsPhone = (text: string): Promise<Proof | undefined> => readProof(text, phone.device.sig);
const signed = (json: unknown, header: { typ?: string } = {}): Promise<string> =>
  new CompactSign(toBytes(JSON.stringify(json)))
    .setProtectedHeader({ alg: 'ES256', typ: 'errand1-proof+jws', ...header })
    .sign(phone.signing.privateKey);

test('a proof is read with the key that made it', async () => {
  const text = await makeProof(phone, proof);
  expect(await readAsPhone(text)).toEqual(proof);
  expect(peekProof(text)).toEqual(proof);
  expect(await readAsPhone(await signed(proof))).toEqual(proof);
});

attack(ACCOUNTS, 'a proof made with another key proves nothing', async () => {
  expect(await readAsPhone(await makeProof({ ...thief, device: phone.device }, proof))).toBeUndefined();
});

attack(ACCOUNTS, 'a proof whose words were changed after it was signed proves nothing', async () => {
  const [head, , signature] = (await makeProof(phone, proof)).split('.');
  const [, other] = (await makeProof(phone, { ...proof, iat: 1_900_000_000 })).split('.');
  expect(await readAsPhone(`${head}.${other}.${signature}`)).toBeUndefined();
});

attack(ACCOUNTS, 'what was signed for another purpose is no proof', async () => {
  for (const typ of ['errand1-claim+jws', 'errand1+jws', 'JWT']) {
    expect(await readAsPhone(await signed(proof, { typ }))).toBeUndefined();
  }
});

attack(ACCOUNTS, 'a proof with a word that belongs to another one is none', async () => {
  expect(await readAsPhone(await signed({ ...proof, nonce: 'x' }))).toBeUndefined();
  expect(await readAsPhone(await signed({ ...proof, use: 'session' }))).toBeUndefined();
});
