import type { Phone } from '../state/phone.ts';
import { faultCode, PhoneFault, type FaultCode } from '../link/fault.ts';
import { en } from '../words/en.ts';
import { untilView } from './until.ts';

/** How the terminal asks its person. `secret` is not echoed. */
export interface Questions {
  readonly ask: (question: string, options?: { secret?: boolean }) => Promise<string>;
  readonly say: (text: string) => void;
}

/** Typed wrong: these are asked again. Too many tries, or a relay that takes nobody, end it. */
const MISTYPED = new Set<FaultCode>([
  'account.credentials',
  'account.exists',
  'account.weak-password',
  'account.email',
  'account.code-wrong',
  'account.code-old',
  'pairing.code',
  'pairing.unknown',
  'pairing.claimed',
]);

/** Leads from nothing to a signed-in and paired terminal. Rejects with PhoneFault or RelayError. */
export async function enter(phone: Phone, questions: Questions): Promise<void> {
  if (phone.view().desktops.length > 0 && phone.view().stage === 'ready') return;
  if (phone.view().stage === 'signed-out') await patiently(questions, () => signIn(phone, questions));
  if (phone.view().stage === 'enrol') await enrol(phone, questions);
  if (phone.view().stage === 'factor') await patiently(questions, () => factor(phone, questions));
  if (phone.view().desktops.length === 0) await patiently(questions, () => pair(phone, questions));
}

async function patiently({ say }: Questions, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!MISTYPED.has(faultCode(error))) throw error;
      say(en.faults(faultCode(error)));
    }
  }
}

async function factor(phone: Phone, { ask }: Questions): Promise<void> {
  await phone.account.verify(await ask('Code of your authenticator: '));
}

async function signIn(phone: Phone, { ask }: Questions): Promise<void> {
  const answer = await ask('Do you have an account here? [y/n] ');
  const email = await ask('E-mail: ');
  const password = await ask('Password: ', { secret: true });
  await (/^y/i.test(answer) ? phone.account.signIn({ email, password }) : phone.account.signUp({ email, password }));
}

async function enrol(phone: Phone, questions: Questions): Promise<void> {
  const { ask, say } = questions;
  const { uri, secret, factorId } = await phone.account.enrol();
  say(`Add this account to your authenticator app:\n  ${uri}\n  key: ${secret}`);
  await patiently(questions, async () => phone.account.verify(await ask('Code it shows: '), factorId));
}

async function pair(phone: Phone, { ask, say }: Questions): Promise<void> {
  const opened = phone.pairing.open(await ask('Code or link that `errand pair` shows at the desktop: '));
  const digits = await untilView(phone, ({ pairing }) => {
    if (pairing.is === 'compare') return pairing.digits;
    return pairing.is === 'failed' || pairing.is === 'paired' ? '' : undefined;
  });
  if (digits !== '') say(`This terminal shows ${digits}. Compare, and allow it at the desktop.`);
  await opened;
  const end = phone.view().pairing;
  if (end.is === 'failed') throw new PhoneFault(end.why);
}
