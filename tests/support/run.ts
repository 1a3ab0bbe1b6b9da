/**
 * `npx bun run test [paths]`: installs what the tests need, builds the phone app, runs everything, and ends with a line of true
 * counts. A run of everything holds the README's tables against what it showed; `--evidence` writes them instead.
 * Imports nothing from npm: it is what installs npm's packages.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEvidence, untrueIn, withEvidence } from './evidence-table.ts';

const root = join(import.meta.dir, '..', '..');
const args = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const writesEvidence = process.argv.includes('--evidence');

/** What the tests drive that npm does not carry: [a file it provides, its Debian package]. */
const NEEDED: readonly (readonly [file: string, debian: string])[] = [
  ['/usr/bin/chromium', 'chromium'],
  ['/usr/bin/firefox-esr', 'firefox-esr'],
  ['/usr/bin/soffice', 'libreoffice-writer'],
  ['/usr/bin/pdftotext', 'poppler-utils'],
  ['/usr/bin/dbus-daemon', 'dbus'],
  ['/usr/lib/python3/dist-packages/dbusmock/__init__.py', 'python3-dbusmock'],
  ['/usr/bin/gdbus', 'libglib2.0-bin'],
  ['/usr/bin/Xvfb', 'xvfb'],
  ['/usr/bin/xauth', 'xauth'],
  ['/usr/bin/xdotool', 'xdotool'],
  ['/usr/lib/x86_64-linux-gnu/libXss.so.1', 'libxss1'],
  ['/usr/bin/ip', 'iproute2'],
  ['/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf', 'fonts-dejavu-core'],
  ['/usr/lib/postgresql/15/bin/postgres', 'postgresql-15'],
  ['/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1', 'libfaketime'],
];

function run(command: string, commandArgs: readonly string[], env: Record<string, string> = {}): number {
  const { status, error } = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (error) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}

function must(command: string, ...commandArgs: string[]): void {
  const status = run(command, commandArgs);
  if (status !== 0) fail(`"${[command, ...commandArgs].join(' ')}" ended with ${status}.`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function installPackages(): void {
  if (process.platform !== 'linux') return;
  const missing = NEEDED.filter(([file]) => !existsSync(file)).map(([, debian]) => debian);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    fail(`The tests need programs that are not here. As root: apt-get install ${missing.join(' ')}`);
  }
  const apt = ['-o', 'DPkg::Lock::Timeout=600', '-qq', '-y', '--no-install-recommends'];
  run('apt-get', ['-o', 'DPkg::Lock::Timeout=600', '-qq', 'update']);
  must('apt-get', ...apt, 'install', ...missing);
}

/** The pinned Bun's own binary: npm's stub needs a postinstall that package managers may block. */
function pinnedBun(): string {
  const name = process.platform === 'win32' ? 'bun.exe' : 'bun';
  const arch = process.arch === 'arm64' ? 'aarch64' : 'x64';
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const binary = join(root, 'node_modules', '@oven', `bun-${platform}-${arch}`, 'bin', name);
  return existsSync(binary) ? binary : process.execPath;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

function countsOf(junit: string): Counts {
  const head = existsSync(junit) ? (/<testsuites[^>]*>/.exec(readFileSync(junit, 'utf8'))?.[0] ?? '') : '';
  const value = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  return {
    passed: value('tests') - value('failures') - value('skipped'),
    failed: value('failures'),
    skipped: value('skipped'),
  };
}

interface Group {
  readonly paths: readonly string[];
  readonly flags: readonly string[];
  readonly env?: Record<string, string>;
}

/** The phone's tests resolve Solid's browser build (its effects do not run in the server build); the others must not. */
const GROUPS: readonly Group[] = [
  { paths: ['tests/mobile'], flags: ['--conditions=browser'] },
  {
    paths: [
      'architecture.test.ts',
      'evidence.test.ts',
      'protocol',
      'mutants',
      'mailbox',
      'edge',
      'supabase',
      'agent',
      'flow',
      'e2e',
    ].map((name) => `tests/${name}`),
    flags: [],
  },
  // The product's SQL has to run on Debian's PostgreSQL as well as on the embedded one.
  {
    paths: ['tests/supabase/migrations', 'tests/edge/relay'],
    flags: [],
    env: { ERRAND_TEST_POSTGRES: '/usr/lib/postgresql/15/bin' },
  },
  // And the relay under Deno, as hosted Supabase runs it. What shares its process with a test lies one folder up.
  { paths: ['tests/edge/relay'], flags: [], env: { ERRAND_TEST_RELAY: 'deno' } },
];

/** All of a group, or what of it was asked for. */
function pathsOf({ paths }: Group): readonly string[] {
  if (args.length === 0) return paths;
  return args.flatMap((arg) => {
    const whole = paths.filter((path) => path.startsWith(arg));
    if (whole.length > 0) return whole;
    return paths.some((path) => arg.startsWith(path)) ? [arg] : [];
  });
}

function settleEvidence(file: string): number {
  const shown = parseEvidence(existsSync(file) ? readFileSync(file, 'utf8') : '');
  const readme = join(root, 'README.md');
  if (writesEvidence) {
    writeFileSync(readme, withEvidence(readFileSync(readme, 'utf8'), shown));
    return run(join(root, 'node_modules', '.bin', 'oxfmt'), ['README.md']);
  }
  const untrue = untrueIn(readFileSync(readme, 'utf8'), shown);
  if (untrue.length === 0) return 0;
  console.error(
    `The README's tables are not what this run showed (bun run test --evidence writes them):\n${untrue.join('\n')}`,
  );
  return 1;
}

function runTests(bun: string): void {
  const out = mkdtempSync(join(tmpdir(), 'errand-junit-'));
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  let status = 0;
  for (const [index, group] of GROUPS.entries()) {
    const here = pathsOf(group).filter((path) => existsSync(join(root, path)));
    if (here.length === 0) continue;
    const junit = join(out, `${index}.xml`);
    const reporter = ['--reporter=junit', `--reporter-outfile=${junit}`];
    const flags = ['test', '--isolate', '--timeout=120000', ...group.flags, ...reporter];
    const env = {
      NO_PROXY: '127.0.0.1,localhost',
      ERRAND_EVIDENCE: join(out, 'evidence'),
      DENO_DIR: join(out, 'deno'),
    };
    const ended = run(bun, [...flags, ...here.map((path) => `./${path}`)], { ...env, ...group.env });
    status ||= ended;
    const counts = countsOf(junit);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  if (args.length === 0 && status === 0) status = settleEvidence(join(out, 'evidence'));
  rmSync(out, { recursive: true });
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exit(status !== 0 || total.failed > 0 || total.passed === 0 ? 1 : 0);
}

installPackages();
must(process.execPath, 'install', '--frozen-lockfile');
const bun = pinnedBun();
must(bun, 'run', 'build');
runTests(bun);
