import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dir, '..');

/** Every source file below a folder of the project. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((name) => /\.tsx?$/.test(name) && !name.includes('node_modules') && !name.includes('/dist/'));
}

/** What a file imports of the project's own, as paths from the root; packages by their name. */
function importsOf(file: string): string[] {
  const code = readFileSync(join(root, file), 'utf8');
  const found = new Bun.Transpiler({ loader: file.endsWith('x') ? 'tsx' : 'ts' }).scanImports(code);
  const typeOnly = [...code.matchAll(/import type[^;]*?from '([^']+)'/g)].map((match) => match[1] ?? '');
  return [...found.map(({ path }) => path), ...typeOnly].map((path) =>
    path.startsWith('.') ? relative(root, resolve(root, dirname(file), path)) : path,
  );
}

/** Everything a file can reach through its imports, with one path that leads there. */
function reachable(entry: string): Map<string, readonly string[]> {
  const seen = new Map<string, readonly string[]>([[entry, [entry]]]);
  const queue = [entry];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (!/\.tsx?$/.test(file)) continue;
    for (const next of importsOf(file)) {
      if (seen.has(next)) continue;
      seen.set(next, [...(seen.get(file) ?? []), next]);
      queue.push(next);
    }
  }
  return seen;
}

test('the top level holds the five parts and nothing else', () => {
  const tracked = spawnSync('git', ['ls-tree', '-d', '--name-only', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout;
  const folders = tracked.split('\n').filter((name) => name && !name.startsWith('.'));
  expect(folders.sort()).toEqual(['agent', 'edge', 'mobile', 'supabase', 'tests']);
});

test("the relay's program contains no code that can open an envelope", () => {
  const graph = reachable('edge/index.ts');
  expect(graph.size).toBeGreaterThan(15);
  for (const forbidden of ['edge/protocol/seal.ts', 'edge/protocol/pairing.ts', 'hpke']) {
    expect(graph.get(forbidden)).toBeUndefined();
  }
  expect([...graph.keys()].filter((file) => /^(agent|mobile|edge\/mailbox)\//.test(file))).toEqual([]);
});

test('the three programs meet only in edge/protocol and edge/mailbox', () => {
  const allowed: Record<string, RegExp> = {
    'edge/protocol': /^edge\/protocol\//,
    'edge/mailbox': /^edge\/(mailbox|protocol)\//,
    'edge/relay': /^edge\/(relay|protocol)\//,
    agent: /^(agent|edge\/(mailbox|protocol))\//,
    mobile: /^(mobile|edge\/(mailbox|protocol))\/|^package\.json$/,
    supabase: /^(supabase|edge\/(relay|protocol))\//,
  };
  let looked = 0;
  for (const [folder, rule] of Object.entries(allowed)) {
    for (const file of sources(folder)) {
      const own = importsOf(file).filter((path) => /^(agent|edge|mobile|supabase|tests)\//.test(path));
      looked += own.length;
      expect({ file, outside: own.filter((path) => !rule.test(path)) }).toEqual({ file, outside: [] });
    }
  }
  expect(looked).toBeGreaterThan(300);
});

test('the runner never imports the link, and the supervisor loads nothing that acts', () => {
  const runner = sources('agent/runner').flatMap((file) => [...reachable(file).keys()]);
  expect(runner.length).toBeGreaterThan(20);
  expect(runner.filter((file) => file.startsWith('agent/link/'))).toEqual([]);
  const supervisor = reachable('agent/supervisor.ts');
  expect([...supervisor.keys()].filter((file) => /^agent\/(runner|tools|link|journal)\//.test(file))).toEqual([]);
  expect(
    [...supervisor.keys()].filter((file) => file.startsWith('@supabase') || file.startsWith('@anthropic')),
  ).toEqual([]);
});

test('the relay runs the same pinned packages under Deno and under Bun', () => {
  const map = JSON.parse(readFileSync(join(root, 'edge/deno.json'), 'utf8')) as { imports: Record<string, string> };
  const pins = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  const named = Object.values(map.imports).map((target) => /^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target));
  expect(named.length).toBeGreaterThan(3);
  for (const match of named) expect(pins.dependencies[match?.[1] ?? '?']).toBe(match?.[2] ?? '?');
});

/** One deliberate violation per rule: a gate counts only when it was seen red. */
const VIOLATIONS: readonly (readonly [rule: string, file: string, code: string])[] = [
  ['no-explicit-any', 'agent/a.ts', 'export const a: any = 1;'],
  ['no-non-null-assertion', 'agent/a.ts', 'export const f = (x: string | undefined): string => x!;'],
  ['consistent-type-assertions', 'agent/a.ts', 'export const f = (x: unknown): string => x as string;'],
  ['no-default-export', 'agent/a.ts', 'export default 1;'],
  ['filename-case', 'agent/someFile.ts', 'export const a = 1;'],
  ['no-console', 'agent/a.ts', 'console.log(1);'],
  ['no-restricted-globals', 'agent/a.ts', 'export const a = process.env;'],
  ['no-restricted-imports', 'agent/a.ts', "import { a } from '../edge/relay/app.ts';\nexport const b = a;"],
  ['no-restricted-imports', 'mobile/a.ts', "import { a } from '../agent/b.ts';\nexport const b = a;"],
  ['no-restricted-imports', 'edge/relay/a.ts', "import { a } from '../protocol/seal.ts';\nexport const b = a;"],
  ['no-restricted-imports', 'edge/relay/a.ts', "import { a } from '../mailbox/inbox.ts';\nexport const b = a;"],
  ['no-restricted-imports', 'edge/protocol/a.ts', "import { a } from '../relay/app.ts';\nexport const b = a;"],
  ['complexity', 'agent/a.ts', `export function f(x: number): number {\n${'if (x > 1) x++;\n'.repeat(11)}return x;\n}`],
  [
    'max-depth',
    'agent/a.ts',
    'export function f(x: number): void {\nif (x) { if (x) { if (x) { if (x) { f(x); } } } }\n}',
  ],
  ['max-lines-per-function', 'agent/a.ts', `export function f(): void {\n${'f();\n'.repeat(61)}}`],
  ['max-lines', 'agent/a.ts', 'export const f = (): void => {};\n' + 'f();\n'.repeat(300)],
  ['no-restricted-properties', 'tests/a.test.ts', "import { mock } from 'bun:test';\nmock.module('x', () => ({}));"],
  ['eqeqeq', 'agent/a.ts', 'export const f = (x: unknown): boolean => x == 1;'],
  ['no-cycle', 'agent/a.ts', "import { b } from './b.ts';\nexport const a = (): unknown => b;"],
];

describe('each gate of the house style has been seen red', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'errand-gates-'));
    for (const name of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
      writeFileSync(join(folder, name), readFileSync(join(root, name)));
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(VIOLATIONS)('%s in %s', (rule, file, code) => {
    const part = join(folder, file.split('/')[0] ?? '');
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
    writeFileSync(
      join(dirname(join(folder, file)), 'b.ts'),
      "import { a } from './a.ts';\nexport const b = (): unknown => a;\n",
    );
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/oxlint'), [file], { cwd: folder, encoding: 'utf8' });
    rmSync(part, { recursive: true });
    expect(stdout).toContain(rule);
  });
});
