import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOTP } from 'otpauth';
import { connectControl } from '../../agent/control/control-client.ts';
import { bunPhone } from '../../mobile/terminal/bun-phone.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import { EMAIL, PASSWORD, viewWith, type Desktop } from './desktop.ts';
import { until } from './until.ts';

/*
 * What a person with several phones and several desktops does, each function one act.
 */

/** Another phone of the person who signed up with `secret`, signed in with both factors. */
export async function anotherPhone(at: { folder: string; app: string; name: string; secret: string }): Promise<Phone> {
  const phone = bunPhone({ folder: at.folder, relayUrl: at.app, name: at.name });
  await phone.start();
  await phone.account.signIn({ email: EMAIL, password: PASSWORD });
  await phone.account.verify(await nextCode(at.secret));
  return phone;
}

/** Milliseconds for which an authenticator shows one code. */
const STEP = 30_000;
const spent = new Map<string, number>();

/** Each code works once, and none older than the last: the one that comes next is taken as well. Sign-up spent the present one at most. */
async function nextCode(secret: string): Promise<string> {
  const present = (): number => Math.floor(Date.now() / STEP);
  const last = spent.get(secret) ?? present();
  const step = Math.max(last + 1, await until(present, (now) => now >= last));
  spent.set(secret, step);
  return new TOTP({ secret }).generate({ timestamp: step * STEP });
}

/** `errand pair`, the link opened on the phone, the digits compared, the keys pressed. */
export async function pairAt(desktop: Desktop, phone: Phone, keys = 'a'): Promise<void> {
  const terminal = desktop.open('pair');
  const opened = phone.pairing.open(await terminal.hears(/Link {2}(\S+)/));
  const digits = await viewWith(phone, ({ pairing }) => (pairing.is === 'compare' ? pairing.digits : undefined));
  await terminal.hears(new RegExp(`It shows ${digits}`));
  for (const key of keys) terminal.press(key);
  await opened;
  await terminal.hears(/may send errands to this computer now/);
  await terminal.end();
}

/** As editing the configuration and having the agent read it again. */
export async function rename(desktop: Desktop, name: string): Promise<void> {
  const file = join(desktop.data, 'config.json');
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), name }));
  const agent = await connectControl(join(desktop.data, 'control.sock'));
  await agent?.call({ do: 'reload' });
  agent?.close();
}
