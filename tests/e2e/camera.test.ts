import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { addSecondFactor, createAccount } from '../support/app.ts';
import { phoneContext, startChromium } from '../support/chromium.ts';
import { appOf, newDesktop, type Desktop, type Terminal } from '../support/desktop.ts';
import { attack } from '../support/evidence.ts';
import { writeQrVideo } from '../support/qr-video.ts';
import { until } from '../support/until.ts';

/*
 * Pairing by camera and by typed code, in the real app at a real desktop. The camera is a film of the code, tilted and noisy.
 */

let folder: string;
let film: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let desktop: Desktop;
let app: string;
let fetched: string[];
let pairing: Terminal;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'errand-camera-'));
  film = join(folder, 'film.y4m');
  writeQrVideo(film, 'https://example.org/');
  desktop = newDesktop();
  await desktop.start();
  app = await appOf(desktop);
  browser = await startChromium(['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]);
  context = await phoneContext(browser);
  // Every stream the app opens is looked at from here, to see that it is closed.
  await context.addInitScript(() => {
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    const tracks: MediaStreamTrack[] = [];
    Object.assign(window, { tracks });
    devices.getUserMedia = async (wanted) => {
      const stream = await open(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
  });
  page = await context.newPage();
  page.on('request', (request) => fetched.push(new URL(request.url()).pathname));
  fetched = [];
  await page.goto(app);
  await createAccount(page);
  await addSecondFactor(page);
  await page.getByRole('heading', { name: 'Connect a desktop' }).waitFor();
});
afterAll(async () => {
  await browser.close();
  await desktop.clear();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  fetched = [];
  await context.clearPermissions();
  await page.goto(`${app}/pair`);
  await page.getByRole('heading', { name: 'Connect a desktop' }).waitFor();
});

const scan = (): Promise<void> => page.getByRole('button', { name: 'Scan the picture' }).click();
const allowCamera = (): Promise<void> => context.grantPermissions(['camera'], { origin: app });

/** What has become of the tracks this page has opened. */
const tracksOf = (): Promise<string[]> =>
  page.evaluate(() => (window as unknown as { tracks: MediaStreamTrack[] }).tracks.map(({ readyState }) => readyState));

/** The link of a new offer at the desk. */
async function offer(): Promise<string> {
  pairing = desktop.open('pair');
  return pairing.hears(/Link {2}(\S+)/);
}

async function allow(): Promise<void> {
  const digits = (await page.getByLabel('Digits to compare').textContent()) ?? '';
  await pairing.hears(new RegExp(`It shows ${digits.trim()}`));
  pairing.press('a');
  await page.getByRole('heading', { name: /Connected to/ }).waitFor();
  await pairing.end();
}

test('a code that the camera sees, tilted and noisy, pairs the phone, and the camera goes off', async () => {
  writeQrVideo(film, await offer());
  await allowCamera();
  await scan();
  await allow();
  expect(await tracksOf()).toEqual(['ended']);
  // The decoder comes with the scanner, not before.
  expect(fetched.filter((path) => /\/decode-/.test(path))).toHaveLength(1);
});

test("a browser's own detector is used where it reads QR codes, and no decoder is fetched", async () => {
  const link = await offer();
  await allowCamera();
  await page.evaluate((rawValue) => {
    Object.assign(window, {
      BarcodeDetector: class {
        static getSupportedFormats(): Promise<string[]> {
          return Promise.resolve(['qr_code']);
        }
        detect = () => Promise.resolve([{ rawValue }]);
      },
    });
  }, link);
  await scan();
  await allow();
  expect(fetched.filter((path) => /\/decode-/.test(path))).toEqual([]);
  expect(await tracksOf()).toEqual(['ended']);
});

test('the typed code pairs as well, in whatever case and spacing', async () => {
  await offer();
  const code = await pairing.hears(/Code {2}(\S+)/);
  await page.getByLabel('Pairing code').fill(` ${code.toLowerCase().replaceAll('-', ' ')}`);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await allow();
});

attack('pairing and devices', 'a code of somebody else is told as that, and nothing is opened', async () => {
  writeQrVideo(film, 'https://example.org/pair#not-a-code');
  await allowCamera();
  await scan();
  await page.getByText('That is not an Errand code.').waitFor();
  expect(new URL(page.url()).origin).toBe(app);
  await page.getByRole('button', { name: 'Stop the camera' }).click();
  await until(tracksOf, (states) => states.length === 1 && states[0] === 'ended');
  expect(await page.getByRole('heading', { name: 'Connect a desktop' }).count()).toBe(1);
});

test('leaving the screen puts the camera off', async () => {
  await allowCamera();
  await scan();
  await page.getByLabel('What the camera sees').waitFor();
  await until(tracksOf, (states) => states.includes('live'));
  await page.getByRole('button', { name: 'Cancel' }).click();
  await until(tracksOf, (states) => states.every((state) => state === 'ended'));
});

test('a camera that is not allowed is told, and the code can be typed beside it', async () => {
  await scan();
  await page.getByText('The camera is not allowed here.').waitFor();
  expect(await page.getByLabel('Pairing code').isVisible()).toBe(true);
});

test('a phone without a camera is told so, and one whose page anybody could have changed as well', async () => {
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'));
  });
  await scan();
  await page.getByText('There is no camera here.').waitFor();
  await page.getByRole('button', { name: 'Stop the camera' }).click();
  await page.evaluate(() => Object.defineProperty(window, 'isSecureContext', { value: false }));
  await scan();
  await page.getByText('The camera works over https only.').waitFor();
});
