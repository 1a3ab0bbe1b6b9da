import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath, kill, pid as ownPid } from 'node:process';
import type { Subprocess } from 'bun';
import { createClient } from '@supabase/supabase-js';
import { startStack } from '../../../supabase/local/stack.ts';
import type { Stack } from '../../../supabase/local/stack.ts';
import { fixtures } from './fixtures.ts';
import { newClient, password, signUp } from '../../support/stack-people.ts';
import { until } from '../../support/until.ts';

setDefaultTimeout(120_000);

type Ready = { url: string; publishableKey: string; secretKey: string };

describe('a data folder', () => {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
  });

  const newFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'errand-life-'));
    cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  };
  const start = async (dataDir: string): Promise<Stack> => {
    const stack = await startStack({ dataDir, migrationsDir: fixtures, port: 0, functions: () => ({}) });
    cleanUps.push(() => stack.stop());
    return stack;
  };
  const spawn = (dataDir: string, path = env.PATH): Subprocess<'ignore', 'pipe', 'inherit'> => {
    const child = Bun.spawn([execPath, join(import.meta.dirname, 'run-stack.ts'), dataDir, fixtures], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'inherit',
      env: { ...env, PATH: path },
    });
    cleanUps.push(async () => {
      await killHard(child);
      // It is still writing while it ends, and the folder is about to be removed.
      const pid = existsSync(pidFile(dataDir)) ? serverPid(dataDir) : undefined;
      if (pid !== undefined)
        await until(
          () => runs(pid),
          (running) => !running,
        );
    });
    return child;
  };
  const ready = async (child: Subprocess<'ignore', 'pipe', 'inherit'>): Promise<Ready> => {
    for await (const chunk of child.stdout) return JSON.parse(new TextDecoder().decode(chunk)) as Ready;
    throw new Error('the stack ended before it was ready');
  };
  const killHard = async (child: Subprocess): Promise<void> => {
    child.kill('SIGKILL');
    await child.exited;
  };
  const pidFile = (dataDir: string): string => join(dataDir, 'postgres/data/postmaster.pid');
  const serverPid = (dataDir: string): number => Number.parseInt(readFileSync(pidFile(dataDir), 'utf8'), 10);
  const runs = (pid: number): boolean => {
    try {
      kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  const parentOf = (pid: number): number => {
    // Slim containers have no ps.
    const status = existsSync('/proc/self') ? readFileSync(`/proc/${pid}/status`, 'utf8') : '';
    const parent = /^PPid:\s+(\d+)/m.exec(status)?.[1];
    return Number(parent ?? Bun.spawnSync(['ps', '-o', 'ppid=', '-p', String(pid)]).stdout.toString());
  };

  test('keeps accounts, keys and sessions over a restart, and lets nobody else read its secrets', async () => {
    const dataDir = newFolder();
    const before = await startStack({ dataDir, migrationsDir: fixtures, port: 0, functions: () => ({}) });
    const { client, email } = await signUp(before);
    const session = (await client.auth.getSession()).data.session;
    await before.stop();
    const after = await start(dataDir);
    expect([after.publishableKey, after.secretKey, after.jwks]).toEqual([
      before.publishableKey,
      before.secretKey,
      before.jwks,
    ]);
    const again = newClient(after);
    expect((await again.auth.refreshSession({ refresh_token: session?.refresh_token ?? '' })).error).toBeNull();
    expect((await newClient(after).auth.signInWithPassword({ email, password })).error).toBeNull();
    for (const name of ['keys.json', 'postgres']) expect(statSync(join(dataDir, name)).mode & 0o077).toBe(0);
  });

  test('is refused to a second process, by name and number of the first', async () => {
    const dataDir = newFolder();
    const child = spawn(dataDir);
    await ready(child);
    await expect(startStack({ dataDir, migrationsDir: fixtures, port: 0, functions: () => ({}) })).rejects.toThrow(
      `Another Errand stack (process ${child.pid}) already runs on ${dataDir}`,
    );
  });

  test('is refused to a second stack of the same process, and free again after the first stopped', async () => {
    const dataDir = newFolder();
    const first = await startStack({ dataDir, migrationsDir: fixtures, port: 0, functions: () => ({}) });
    await expect(start(dataDir)).rejects.toThrow('already runs');
    await first.stop();
    expect((await start(dataDir)).port).toBeGreaterThan(0);
  });

  test('opens at once after the stack was killed, with everything that was answered', async () => {
    const dataDir = newFolder();
    const child = spawn(dataDir);
    const { url, publishableKey } = await ready(child);
    const client = createClient(url, publishableKey, { auth: { persistSession: false, autoRefreshToken: false } });
    const { error } = await client.auth.signUp({ email: 'a@example.org', password });
    expect(error).toBeNull();
    await killHard(child);
    const stack = await start(dataDir);
    expect((await newClient(stack).auth.signInWithPassword({ email: 'a@example.org', password })).error).toBeNull();
  });

  test('its PostgreSQL ends by itself when the stack is killed', async () => {
    const dataDir = newFolder();
    const child = spawn(dataDir);
    await ready(child);
    const pid = serverPid(dataDir);
    await killHard(child);
    await until(
      () => runs(pid),
      (running) => !running,
    );
    expect(existsSync(pidFile(dataDir))).toBe(false);
  });

  test('a PostgreSQL that outlived stack and keeper is ended by the next start', async () => {
    const dataDir = newFolder();
    const child = spawn(dataDir);
    await ready(child);
    const pid = serverPid(dataDir);
    kill(parentOf(pid), 'SIGKILL');
    await killHard(child);
    expect(runs(pid)).toBe(true);
    const stack = await start(dataDir);
    expect(serverPid(dataDir)).not.toBe(pid);
    expect((await signUp(stack)).userId).toBeString();
  });

  test('a number left in postmaster.pid that now belongs to another program stops nobody', async () => {
    const dataDir = newFolder();
    const first = await startStack({ dataDir, migrationsDir: fixtures, port: 0, functions: () => ({}) });
    await first.stop();
    writeFileSync(pidFile(dataDir), `${ownPid}\n${dataDir}\n0\n5432\n\n\n`);
    expect((await start(dataDir)).port).toBeGreaterThan(0);
  });

  test('opens after the very first start was killed at any moment', async () => {
    const dataDir = newFolder();
    for (const afterMs of [50, 250, 500, 900, 1300]) {
      const child = spawn(dataDir);
      await Promise.race([ready(child), Bun.sleep(afterMs)]);
      await killHard(child);
    }
    expect((await signUp(await start(dataDir))).userId).toBeString();
  });

  test('opens for root too where containers forbid user namespaces', async () => {
    const [dataDir, programs] = [newFolder(), newFolder()];
    writeFileSync(join(programs, 'unshare'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const { url } = await ready(spawn(dataDir, `${programs}:${env.PATH ?? ''}`));
    expect((await fetch(`${url}/auth/v1/health`)).status).toBe(200);
  });

  test('tells when its PostgreSQL ended without being asked to', async () => {
    const dataDir = newFolder();
    const stack = await start(dataDir);
    kill(serverPid(dataDir), 'SIGQUIT');
    expect(await stack.failed).toBeNumber();
  });

  test('its log quotes no statement and no value', async () => {
    const dataDir = newFolder();
    const stack = await start(dataDir);
    const { client } = await signUp(stack);
    await client.rpc('fail', { code: 'XX000' });
    await client.rpc('add', { a: 'canary in a value' });
    const log = readFileSync(join(dataDir, 'postgres/log'), 'utf8');
    expect(log).toContain('ready to accept connections');
    expect(log).not.toContain('canary');
    expect(log).not.toContain('select');
  });
});
