/* @refresh reload */
import { createSignal, onCleanup, type JSX } from 'solid-js';
import { render } from 'solid-js/web';
import './styles/base.css';
import './styles/parts.css';
import './styles/task.css';
import { browserDeps } from './link/browser-deps.ts';
import { faultCode } from './link/fault.ts';
import { Root } from './screens/root.tsx';
import { createPhone, type Phone } from './state/phone.ts';
import { AppProvider, viewOf } from './ui/app.ts';
import { deviceName } from './ui/device-name.ts';
import { createRoute } from './ui/route.ts';
import { registerPush, surroundings } from './ui/surroundings.ts';
import { createUpdated } from './ui/updated.ts';
import { en } from './words/en.ts';

function ErrandApp(props: { readonly phone: Phone }): JSX.Element {
  // oxlint-disable-next-line solid/reactivity -- there is one phone for as long as the page lives
  const { phone } = props;
  const [now, setNow] = createSignal(Date.now());
  const timer = setInterval(() => setNow(Date.now()), 15_000);
  onCleanup(() => clearInterval(timer));
  const routing = createRoute(window);
  navigator.serviceWorker?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    const { go } = Object(data);
    if (typeof go === 'string') routing.go(go);
  });
  const updated = createUpdated(navigator.serviceWorker);
  const app = { phone, view: viewOf(phone), words: en, now, around: surroundings(window, phone), updated, ...routing };
  return (
    <AppProvider value={app}>
      <Root />
    </AppProvider>
  );
}

/** The secret of a pairing link leaves the address at once; on iOS the hint to install comes first, and may need it again. */
function takeLink(phone: Phone): void {
  const { pathname, hash } = window.location;
  if (pathname !== '/pair' || hash.length < 2) return;
  window.history.replaceState(null, '', '/pair');
  void phone.pairing.open(hash);
}

async function registerWorker(phone: Phone): Promise<void> {
  await navigator.serviceWorker?.register('/sw.js');
  await registerPush(window, phone);
}

async function main(): Promise<void> {
  const deps = await browserDeps(window, {
    name: deviceName(navigator.userAgent),
    listen: async (options) => (await import('./link/pokes.ts')).listenForPokes(options),
  });
  const phone = createPhone(deps);
  await phone.start();
  const place = document.getElementById('app');
  if (place) render(() => <ErrandApp phone={phone} />, place);
  takeLink(phone);
  window.addEventListener('online', () => phone.kick());
  window.addEventListener('offline', () => phone.kick());
  window.addEventListener('pageshow', () => phone.kick());
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') phone.kick();
  });
  // After the first screen: it is not needed to show or send anything.
  window.setTimeout(() => void registerWorker(phone), 1000);
}

/** Without its data the app can do nothing but say why. */
function giveUp(error: unknown): void {
  const place = document.getElementById('app');
  if (!place) return;
  const Broken = (): JSX.Element => (
    <main class="gate">
      <h1>{en.app}</h1>
      <p class="notice bad" role="alert">
        {en.faults(faultCode(error))}
      </p>
    </main>
  );
  render(Broken, place);
}

main().catch(giveUp);
