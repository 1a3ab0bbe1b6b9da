import { TOTP } from 'otpauth';
import type { Db } from '../../../mobile/link/db.ts';
import { keysIn } from '../../../mobile/link/keys.ts';
import { ownLock } from '../../../mobile/link/lock.ts';
import { memoryDb } from '../../../mobile/link/memory-db.ts';
import { listenForPokes } from '../../../mobile/link/pokes.ts';
import type { PhoneDeps } from '../../../mobile/state/deps.ts';
import { createPhone, type Phone } from '../../../mobile/state/phone.ts';
import type { PhoneView, TaskView } from '../../../mobile/state/view.ts';
import { until } from '../../support/until.ts';
import type { Desk } from './desk.ts';

export const PASSWORD = 'correct horse battery staple';

export const codeOf = (secret: string, timestamp = Date.now()): string => new TOTP({ secret }).generate({ timestamp });

/** A phone in this process; its data is kept in `db`, so that another one over it is the same phone after a restart. */
export function bunPhone(url: string, more: Partial<PhoneDeps> & { db?: Db } = {}): Phone {
  const db = more.db ?? memoryDb();
  return createPhone({
    relayUrl: url,
    db,
    keys: keysIn(db),
    fetch: (input, init) => fetch(input, init),
    now: Date.now,
    setTimer: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    lock: ownLock(),
    name: 'Pixel 8',
    extractable: false,
    listen: listenForPokes,
    ...more,
  });
}

export const viewWith = (phone: Phone, wanted: (view: PhoneView) => boolean): Promise<PhoneView> =>
  until(() => phone.view(), wanted);

export const taskIn = (view: PhoneView, id: string): TaskView | undefined =>
  view.threads.flatMap((thread) => thread.tasks).find((task) => task.id === id);

export async function taskWith(phone: Phone, id: string, wanted: (task: TaskView) => boolean): Promise<TaskView> {
  const task = await until(
    () => taskIn(phone.view(), id),
    (found) => found !== undefined && wanted(found),
  );
  if (!task) throw new Error('no such task');
  return task;
}

export async function signUp(phone: Phone): Promise<{ email: string; secret: string }> {
  const email = `${crypto.randomUUID()}@example.org`;
  await phone.account.signUp({ email, password: PASSWORD });
  const { secret, factorId } = await phone.account.enrol();
  await phone.account.verify(codeOf(secret), factorId);
  return { email, secret };
}

/** Signed up, and allowed at the desk. */
export async function pairedPhone(phone: Phone, desk: Desk): Promise<{ email: string; secret: string }> {
  await phone.start();
  const account = await signUp(phone);
  await pair(phone, desk);
  return account;
}

export async function pair(phone: Phone, desk: Desk): Promise<void> {
  const { code, claimed } = await desk.offer();
  const opened = phone.pairing.open(code);
  await (await claimed).allow();
  await opened;
  await viewWith(phone, (view) => view.desktops.some((each) => each.trusted));
}
