import { weakPassword } from './errors.ts';

// OWASP's smaller argon2id setting: the default of 64 MiB is most of the stack's budget.
const cost = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } satisfies Parameters<
  typeof Bun.password.hash
>[1];

const stranger: { hash?: Promise<string> } = {};

export function hashPassword(password: string): Promise<string> {
  if (password.length < 10 || password.length > 200) throw weakPassword();
  return Bun.password.hash(password, cost);
}

/** Takes as long for an account that does not exist, or has no password, as for a wrong password. */
export async function checkPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  stranger.hash ??= Bun.password.hash('nobody has this password', cost);
  const right = await Bun.password.verify(password, hash ?? (await stranger.hash));
  return right && typeof hash === 'string';
}
