import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { signUp } from '../support/app.ts';
import { phoneContext, startChromium } from '../support/chromium.ts';
import { appOf, newDesktop } from '../support/desktop.ts';

const dist = resolve(import.meta.dir, '..', '..', 'mobile', 'dist');

/** All JS and CSS that a cold browser fetches until a signed-in threads screen can send, gzipped, in bytes. */
export async function measureFirstLoad(): Promise<Record<string, number>> {
  const desktop = newDesktop();
  const browser = await startChromium();
  try {
    await desktop.start();
    const app = await appOf(desktop);
    const context = await phoneContext(browser);
    await signUp(await context.newPage(), desktop);
    // The same person, nothing cached: only what is stored (session, keys) stays.
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send('Network.enable');
    await cdp.send('Network.setBypassServiceWorker', { bypass: true });
    await cdp.send('Network.clearBrowserCache');
    const fetched = new Set<string>();
    let open = true;
    page.on('request', (request) => {
      const { pathname } = new URL(request.url());
      if (open && /\.(js|css)$/.test(pathname)) fetched.add(pathname);
    });
    await page.goto(app);
    await page.getByLabel('What should your desktop do?').waitFor();
    open = false;
    const sizes = [...fetched].map((path) => gzipSync(readFileSync(join(dist, path)), { level: 9 }).length);
    return { first_load_gzip_bytes: sizes.reduce((sum, size) => sum + size, 0), first_load_files: sizes.length };
  } finally {
    await browser.close();
    await desktop.clear();
  }
}
