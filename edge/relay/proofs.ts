import { deviceMatchesKeys, type PublicKey } from '../protocol/device.ts';
import { peekProof, readProof, type Proof } from '../protocol/proof.ts';
import { Refusal } from './errors.ts';

/** Seconds a proof may be old, or ahead of the relay's clock. */
const LEEWAY = 300;

type Use = Proof['use'];
export type ProofFor<U extends Use> = Extract<Proof, { use: U }>;

const isFor = <U extends Use>(proof: Proof | undefined, use: U): proof is ProofFor<U> => proof?.use === use;

/** What a proof for `use` claims, before anything is checked. Throws a {@link Refusal}. */
export function claimed<U extends Use>(text: string, use: U): ProofFor<U> {
  const proof = peekProof(text);
  if (!isFor(proof, use)) throw new Refusal('device.proof');
  return proof;
}

/** A proof for `use`, made with `key`, and fresh. Throws a {@link Refusal}. */
export async function proved<U extends Use>(
  text: string,
  check: { use: U; key: PublicKey; now: number },
): Promise<ProofFor<U>> {
  const proof = await readProof(text, check.key);
  if (!isFor(proof, check.use) || Math.abs(proof.iat - check.now) > LEEWAY) throw new Refusal('device.proof');
  return proof;
}

/** The desktop that a 'register' proof describes and was made with. */
export async function provedDesktop(text: string, now: number): Promise<ProofFor<'register'>> {
  const { device } = claimed(text, 'register');
  const proof = await proved(text, { use: 'register', key: device.sig, now });
  if (proof.device.kind !== 'desktop' || !(await deviceMatchesKeys(proof.device))) throw new Refusal('device.proof');
  return proof;
}
