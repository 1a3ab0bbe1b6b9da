import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

/** Debian's Firefox ESR over WebDriver BiDi, with real web push through the given autopush server. */
export async function startFirefox(options: { pushUrl: string; profile?: string }): Promise<{
  browser: Browser;
  profile: string;
  stop(): Promise<void>;
}> {
  const profile = options.profile ?? mkdtempSync(join(tmpdir(), 'errand-firefox-'));
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: profile,
    timeout: 120_000,
    protocolTimeout: 120_000,
    extraPrefsFirefox: {
      // Without it showNotification rejects where no notification daemon runs.
      'alerts.useSystemBackend': false,
      'dom.push.enabled': true,
      'dom.push.connection.enabled': true,
      'dom.push.serverURL': options.pushUrl,
      'dom.push.testing.allowInsecureServerURL': true,
      'dom.push.testing.ignorePermission': true,
      'dom.webnotifications.requireuserinteraction': false,
      'permissions.default.desktop-notification': 1,
      'network.proxy.type': 0,
    },
  });
  return {
    browser,
    profile,
    stop: async () => {
      await browser.close();
      if (options.profile === undefined) rmSync(profile, { recursive: true, force: true });
    },
  };
}
