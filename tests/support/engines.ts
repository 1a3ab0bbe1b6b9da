import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startChromium } from './chromium.ts';
import { deno } from './deno.ts';
import { startFirefox } from './firefox.ts';
import { interop, type Interop } from './interop-program.ts';

/** The same device program in an engine of its own. */
export interface Engine {
  call<Name extends keyof Interop>(
    name: Name,
    ...args: Parameters<Interop[Name]>
  ): Promise<Awaited<ReturnType<Interop[Name]>>>;
  stop(): Promise<void>;
}

/** What a page runs: `interop[name](...args)`, whatever that answers. */
type Evaluate = (work: [name: string, args: unknown[]]) => Promise<unknown>;
const engineOf = (evaluate: Evaluate, stop: () => Promise<void>): Engine => ({
  call: async (name, ...args) => (await evaluate([name, args])) as never,
  stop,
});

const inPage = ([name, args]: [string, unknown[]]): Promise<unknown> =>
  (globalThis as unknown as { interop: Record<string, (...all: unknown[]) => Promise<unknown>> }).interop[name]?.(
    ...args,
  ) ?? Promise.reject(new Error(`no ${name}`));

const bunEngine = (): Engine =>
  engineOf(
    async ([name, args]) => (interop[name as keyof Interop] as (...all: unknown[]) => Promise<unknown>)(...args),
    async () => undefined,
  );

function denoEngine(program: string): Engine {
  const folder = mkdtempSync(join(tmpdir(), 'errand-interop-'));
  const file = join(folder, 'main.js');
  writeFileSync(file, `${program}\n`);
  const child = spawn(deno, ['run', '--cached-only', '--no-prompt', '--no-config', file], {
    env: { ...process.env, DENO_DIR: join(folder, 'cache'), NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return engineOf(
    async ([name, args]) => {
      child.stdin.write(`${JSON.stringify({ name, args })}\n`);
      const { value: line } = await lines.next();
      const { value, error } = JSON.parse(String(line)) as { value?: unknown; error?: string };
      if (error !== undefined) throw new Error(error);
      return value;
    },
    async () => {
      child.stdin.end();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  );
}

async function chromiumEngine(url: string): Promise<Engine> {
  const browser = await startChromium();
  const page = await browser.newPage();
  await page.goto(url);
  return engineOf(
    (work) => page.evaluate(inPage, work),
    () => browser.close(),
  );
}

async function firefoxEngine(url: string): Promise<Engine> {
  const firefox = await startFirefox({ pushUrl: 'ws://127.0.0.1:9/' });
  const page = await firefox.browser.newPage();
  await page.goto(url);
  return engineOf(
    (work) => page.evaluate(inPage, work),
    () => firefox.stop(),
  );
}

export const ENGINES = ['Bun', 'Deno', 'Chromium', 'Firefox'] satisfies string[];
export type EngineName = (typeof ENGINES)[number];

/** All four, with the program as each would load it: from its source, or as one bundle. */
export async function startEngines(): Promise<{ of(name: string): Engine; stop(): Promise<void> }> {
  const built = await Bun.build({ entrypoints: [join(import.meta.dir, 'interop-program.ts')], target: 'browser' });
  const bundle = (await built.outputs[0]?.text()) ?? '';
  const loop = await Bun.file(join(import.meta.dir, 'interop-deno.js')).text();
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: ({ url }) =>
      new URL(url).pathname === '/program.js'
        ? new Response(bundle, { headers: { 'content-type': 'text/javascript' } })
        : new Response('<!doctype html><script type="module" src="/program.js"></script>', {
            headers: { 'content-type': 'text/html' },
          }),
  });
  const url = `http://127.0.0.1:${server.port}/`;
  const [chromium, firefox] = await Promise.all([chromiumEngine(url), firefoxEngine(url)]);
  const engines = new Map<string, Engine>([
    ['Bun', bunEngine()],
    ['Deno', denoEngine(`${bundle}\n${loop}`)],
    ['Chromium', chromium],
    ['Firefox', firefox],
  ]);
  return {
    of: (name) => {
      const engine = engines.get(name);
      if (!engine) throw new Error(name);
      return engine;
    },
    stop: async () => {
      await Promise.all([...engines.values()].map((engine) => engine.stop()));
      await server.stop(true);
    },
  };
}
