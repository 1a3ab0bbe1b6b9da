import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from './chromium.ts';
import { killNow } from './desktop.ts';
import { until } from './until.ts';

/** A browser whose profile outlives it, and whose processes can be killed. */
export interface KeptChromium {
  context(): BrowserContext;
  /** kill -9 of everything but the profile, and a new one on it. */
  killAndStart(): Promise<void>;
  /** kill -9 of the processes that run pages. */
  killPages(): Promise<void>;
  stop(): Promise<void>;
}

export async function keptChromium(): Promise<KeptChromium> {
  const profile = mkdtempSync(join(tmpdir(), 'errand-chromium-'));
  const portFile = join(profile, 'DevToolsActivePort');
  let child: ChildProcess;
  let browser: Browser;

  async function start(): Promise<void> {
    rmSync(portFile, { force: true });
    const flags = [
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      '--window-size=390,844',
    ];
    child = spawn(CHROMIUM, [...CHROMIUM_FLAGS, ...flags, 'about:blank'], { stdio: 'ignore' });
    const [port = ''] = await until(readPort, (lines) => lines.length > 1);
    browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  }
  function readPort(): string[] {
    try {
      return readFileSync(portFile, 'utf8').split('\n');
    } catch {
      if (child.exitCode !== null) throw new Error(`the browser ended with ${child.exitCode}`);
      return [];
    }
  }
  async function kill(): Promise<void> {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    killNow(child.pid ?? null);
    await ended;
    await browser.close().catch(() => undefined);
  }
  function context(): BrowserContext {
    const [only] = browser.contexts();
    if (!only) throw new Error('the browser has no context');
    return only;
  }
  await start();
  return {
    context,
    killAndStart: async () => {
      await kill();
      await start();
    },
    killPages: async () => {
      const cdp = await browser.newBrowserCDPSession();
      const { processInfo } = await cdp.send('SystemInfo.getProcessInfo');
      const dead = context().pages();
      const crashed = Promise.all(dead.map((page) => page.waitForEvent('crash')));
      for (const { type, id } of processInfo) if (type === 'renderer') killNow(id);
      await crashed;
      await cdp.detach();
      // The browser ends with its last page. It may first give out a process that it does not know to be dead.
      await until(
        () =>
          context()
            .newPage()
            .catch(() => undefined),
        (page) => page !== undefined,
      );
      await Promise.all(dead.map((page) => page.close()));
    },
    stop: async () => {
      await kill();
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
