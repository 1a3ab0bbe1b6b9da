import { subscribeToPush } from '../link/subscribe.ts';
import type { Phone } from '../state/phone.ts';
import type { Notifying, Surroundings } from './app.ts';
import { watchLoss } from './loss.ts';

/** iOS gives the installed app a storage of its own; `standalone` exists there only. */
function installFirst(page: Window): boolean {
  const { navigator } = page;
  return 'standalone' in navigator && navigator.standalone === false;
}

function notifying(page: Window): Notifying {
  if (!('Notification' in page) || !('PushManager' in page) || !page.navigator.serviceWorker) return 'none';
  const { permission } = Notification;
  if (permission === 'denied') return 'denied';
  return permission === 'granted' ? 'on' : 'off';
}

/** Subscribes where it is allowed already; the relay is told only when the endpoint is new to it. */
export async function registerPush(page: Window, phone: Phone): Promise<Notifying> {
  const key = phone.push.key();
  if (notifying(page) !== 'on' || key === undefined) return key === undefined ? 'none' : notifying(page);
  try {
    const { pushManager } = await page.navigator.serviceWorker.ready;
    await phone.push.register(await subscribeToPush(pushManager, key));
    return 'on';
  } catch {
    return 'failed';
  }
}

/** Asks that the phone's data are not cleared for room: keys and what was not sent yet are nowhere else. */
async function keepData(page: Window): Promise<void> {
  if (!('storage' in page.navigator)) return;
  await page.navigator.storage.persist().catch(() => false);
}

function openFile(page: Window, file: File, how: 'open' | 'save'): void {
  const address = URL.createObjectURL(file);
  const link = page.document.createElement('a');
  link.href = address;
  // A page made of others' content must not run here: only what browsers show without scripts opens in a tab.
  if (how === 'save' || !/^(?:application\/pdf|image\/(?:png|jpeg|webp|gif)|text\/plain)$/.test(file.type)) {
    link.download = file.name;
  } else {
    link.target = '_blank';
    link.rel = 'noopener';
  }
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The browser around the app. */
export function surroundings(page: Window, phone: Phone): Surroundings {
  return {
    ...watchLoss(page, phone),
    installFirst: installFirst(page),
    notifying: () => notifying(page),
    notify: async () => {
      if (notifying(page) === 'off') await Notification.requestPermission();
      // After it: Chromium agrees silently where notifications are allowed. Firefox asks the owner, who may never answer.
      void keepData(page);
      return registerPush(page, phone);
    },
    open: (file, how) => openFile(page, file, how),
    copy: (text) => page.navigator.clipboard.writeText(text),
    // The type says always; Firefox on a desktop has none.
    share: 'share' in page.navigator ? (text) => page.navigator.share({ text }) : undefined,
    print: () => page.print(),
  };
}
