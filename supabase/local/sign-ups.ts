import type { SignUps } from './auth/deps.ts';

/** Who may make an account, from ERRAND_SIGN_UPS: `open`, `closed`, or e-mail addresses. Undefined when it is none of these. */
export function readSignUps(text: string): SignUps | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const [only, ...more] = words;
  if (more.length === 0 && (only === 'open' || only === 'closed')) return only;
  return words.length > 0 && words.every((word) => word.includes('@')) ? words : undefined;
}
