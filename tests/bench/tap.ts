import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bunPhone } from '../../mobile/terminal/bun-phone.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import { codeFor, EMAIL, endOf, newDesktop, PASSWORD, taskOf, viewWith, type Desktop } from '../support/desktop.ts';
import { quantile } from './measure.ts';

/*
 * From a person's tap to "started" on the phone: `tap.ts`, run as root in a network namespace of its own. Phone and desktop are here,
 * the relay is behind a wire of 100 ms there and back on which each direction loses one packet in a hundred. Prints one object.
 */

const TAPS = 60;
const ONE_WAY_MS = 50;
const LOSS = 0.01;
const root = resolve(import.meta.dir, '..', '..');
const [HERE, THERE] = ['10.213.7.1', '10.213.7.2'];

function must(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

/** The first text a process prints that `pattern` finds. */
function firstSaid(child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((done, fail) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const found = pattern.exec(said);
      if (found) done(found);
    });
    child.once('close', () => fail(new Error(`${child.spawnargs.join(' ')} ended`)));
  });
}

const pipe = ['ignore', 'pipe', 'inherit'] satisfies ('ignore' | 'pipe' | 'inherit')[];

/** A relay behind the wire; what runs for it is pushed to `running`, the relay last. */
async function relayBehindWire(data: string, running: ChildProcess[]): Promise<{ url: string; key: string }> {
  const holder = spawn('unshare', ['-n', 'sh', '-c', 'echo up; exec sleep 3600'], { stdio: pipe });
  running.push(holder);
  await firstSaid(holder, /up/);
  const there = ['-t', String(holder.pid), '-n'];
  const wire = spawn(
    process.execPath,
    [join(import.meta.dir, 'wire.ts'), String(holder.pid), String(ONE_WAY_MS), String(LOSS)],
    { stdio: pipe },
  );
  running.push(wire);
  await firstSaid(wire, /up/);
  for (const [address, enter] of [
    [HERE, []],
    [THERE, ['nsenter', ...there]],
  ] satisfies [string, string[]][]) {
    const ip = (...args: string[]): void => must('env', ...enter, 'ip', ...args);
    ip('link', 'set', 'lo', 'up');
    ip('addr', 'add', `${address}/30`, 'dev', 'wire0');
    ip('link', 'set', 'wire0', 'up');
  }
  const relay = [join(root, 'supabase/local/main.ts'), '--data', data, '--host', THERE, '--port', '4747'];
  const stack = spawn('nsenter', [...there, process.execPath, ...relay], { stdio: pipe });
  running.push(stack);
  const [, url = '', key = ''] = await firstSaid(stack, /"url":"([^"]+)","publishableKey":"([^"]+)"/);
  return { url, key };
}

async function pair(desktop: Desktop, phone: Phone): Promise<void> {
  await phone.account.signUp({ email: EMAIL, password: PASSWORD });
  const { secret, factorId } = await phone.account.enrol();
  await phone.account.verify(codeFor(secret), factorId);
  const desk = desktop.open('pair');
  const opened = phone.pairing.open(await desk.hears(/Link\s+(http\S+)/));
  await viewWith(phone, ({ pairing }) => (pairing.is === 'compare' ? pairing.digits : undefined));
  await desk.hears(/\[a\]/i);
  desk.press('a');
  await opened;
  await viewWith(phone, ({ desktops }) => desktops.find(({ seen }) => seen));
  await desk.end();
}

/** Milliseconds until the phone has heard that the desktop began. */
async function tap(phone: Phone, text: string): Promise<number> {
  const desktop = phone.view().desktops[0]?.device.kid ?? '';
  const began = performance.now();
  let started = (): void => undefined;
  const heard = new Promise<void>((done) => (started = done));
  let id = '';
  const look = (): void => {
    const is = taskOf(phone.view(), id)?.standing.is;
    if (is !== undefined && !['here', 'relay', 'received', 'queued'].includes(is)) started();
  };
  const unwatch = phone.subscribe(look);
  id = await phone.errands.send({ desktop, text, grants: [] });
  look();
  await heard;
  unwatch();
  const took = performance.now() - began;
  await endOf(phone, id);
  return took;
}

const folder = mkdtempSync(join(tmpdir(), 'errand-tap-'));
const running: ChildProcess[] = [];
const desktop = newDesktop({ NO_PROXY: `${THERE},127.0.0.1,localhost` });
try {
  const { url, key } = await relayBehindWire(join(folder, 'stack'), running);
  const up = await desktop.errand('up', '--relay', url, '--key', key, '--stay');
  if (up.status !== 0) throw new Error(up.said);
  const phone = bunPhone({ folder: join(folder, 'phone'), relayUrl: url, name: 'Pixel 8' });
  await phone.start();
  await pair(desktop, phone);
  desktop.put('Errands/notes.txt', 'a note');
  const taps: number[] = [];
  await tap(phone, 'Find files named notes');
  for (let i = 0; i < TAPS; i++) taps.push(await tap(phone, 'Find files named notes'));
  await phone.stop();
  console.log(
    JSON.stringify({ tap_to_started_p50_ms: quantile(taps, 0.5), tap_to_started_p95_ms: quantile(taps, 0.95) }),
  );
} finally {
  await desktop.clear();
  for (const child of running.toReversed()) child.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
