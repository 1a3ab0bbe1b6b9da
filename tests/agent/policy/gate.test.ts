import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { chmod, link, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { sha256B64u, toBytes } from '../../../edge/protocol/bytes.ts';
import { thawAction } from '../../../edge/protocol/ask.ts';
import type { Grant } from '../../../edge/protocol/grant.ts';
import type { Verdict } from '../../../agent/policy/gate.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

setDefaultTimeout(120_000);

const inbox: Grant = { do: 'read', path: '~/Inbox' };
const reports: Grant = { do: 'write', path: '~/Reports', replace: false };
const reportsReplace: Grant = { do: 'write', path: '~/Reports', replace: true };
const both = { untrusted: true, private: true };
const hash = (text: string): Promise<string> => sha256B64u(toBytes(text));

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
});
afterEach(() => at.remove());

/** The verdict in short, closed. */
async function sort(verdict: Promise<Verdict>): Promise<string> {
  const found = await verdict;
  if (found.verdict === 'allow') await found.close();
  if (found.verdict === 'ask') return `${found.high ? 'ask-high' : 'ask'} ${found.rule}`;
  return found.verdict === 'deny' ? `deny ${/\((\S+)\)/.exec(found.why)?.[1] ?? found.why}` : 'allow';
}
const read = (path: string, grants: readonly Grant[] = [inbox]): Promise<string> =>
  sort(at.ask([{ sink: 'read', path }], { grants }));
const write = (path: string, grants: readonly Grant[] = [reports]): Promise<string> =>
  sort(at.ask([{ sink: 'write', path, content: toBytes('new') }], { grants }));

/** Does what the gate allowed, and closes it. */
async function commit(verdict: Verdict): Promise<unknown> {
  if (verdict.verdict !== 'allow') throw new Error(`not allowed: ${JSON.stringify(verdict)}`);
  const [opened] = verdict.opened;
  try {
    return opened?.sink === 'write' ? await opened.commit() : undefined;
  } finally {
    await verdict.close();
  }
}

describe('reading', () => {
  test('a granted file gives its bytes and marks the task', async () => {
    const path = await at.put('Inbox/a.txt', 'hello world');
    const verdict = await at.ask([{ sink: 'read', path: '~/Inbox/a.txt' }], { grants: [inbox] });
    if (verdict.verdict !== 'allow') throw new Error(verdict.why);
    const [file] = verdict.opened;
    if (file?.sink !== 'read' || file.kind !== 'file') throw new Error('not a file');
    expect(file.path).toBe(path);
    expect(new TextDecoder().decode(await file.read())).toBe('hello world');
    expect(new TextDecoder().decode(await file.read({ start: 6, end: 99 }))).toBe('world');
    expect(verdict.taint).toEqual(both);
    await verdict.close();
  });

  test('a granted folder gives names only, which others chose', async () => {
    await at.put('Inbox/a.txt', 'x');
    const verdict = await at.ask([{ sink: 'read', path: '~/Inbox' }], { grants: [inbox] });
    if (verdict.verdict !== 'allow') throw new Error(verdict.why);
    expect(verdict.taint).toEqual({ untrusted: true, private: false });
    await verdict.close();
  });

  test('stays inside the grant, however the path is written', async () => {
    await at.put('Inbox/a.txt', 'x');
    await at.put('Other/b.txt', 'x');
    await at.put('Inbox2/b.txt', 'x');
    expect(await read('~/Inbox/a.txt')).toBe('allow');
    expect(await read('~/Inbox/../Inbox/./a.txt')).toBe('allow');
    expect(await read('~/Inbox/../Other/b.txt')).toBe('deny read.elsewhere');
    expect(await read('~/Inbox2/b.txt')).toBe('deny read.elsewhere');
    expect(await read('~/Inbox/../../../../../etc/passwd')).toBe('deny read.elsewhere');
    expect(await read('/proc/self/environ')).toBe('deny read.sensitive');
    expect(await read(`/proc/self/root${at.home}/Inbox/a.txt`)).toBe('deny read.sensitive');
  });

  test('a grant of one file is for that file', async () => {
    await at.put('Inbox/a.txt', 'x');
    await at.put('Inbox/b.txt', 'x');
    const one: Grant = { do: 'read', path: '~/Inbox/a.txt' };
    expect(await read('~/Inbox/a.txt', [one])).toBe('allow');
    expect(await read('~/Inbox/b.txt', [one])).toBe('deny read.elsewhere');
    expect(await read('~/Inbox', [one])).toBe('deny read.elsewhere');
  });

  test('a link inside a grant is worth what it leads to', async () => {
    await at.put('Inbox/a.txt', 'x');
    await at.put('Other/b.txt', 'x');
    await symlink(join(at.home, 'Other'), join(at.home, 'Inbox/folder'));
    await symlink(join(at.home, 'Other/b.txt'), join(at.home, 'Inbox/file.txt'));
    await symlink(join(at.home, 'Inbox/a.txt'), join(at.home, 'Inbox/same.txt'));
    await symlink('/nowhere/at/all', join(at.home, 'Inbox/dangling'));
    expect(await read('~/Inbox/folder/b.txt')).toBe('deny read.elsewhere');
    expect(await read('~/Inbox/folder')).toBe('deny read.elsewhere');
    expect(await read('~/Inbox/file.txt')).toBe('deny read.elsewhere');
    expect(await read('~/Inbox/same.txt')).toBe('allow');
    expect(await read('~/Inbox/dangling')).toMatch(/link that leads nowhere/);
    expect(await write('~/Inbox/dangling', [{ do: 'write', path: '~/Inbox', replace: true }])).toMatch(/leads nowhere/);
  });

  test('a granted folder that is itself a link covers what it leads to', async () => {
    await at.put('Real/a.txt', 'x');
    await symlink(join(at.home, 'Real'), join(at.home, 'Inbox'));
    expect(await read('~/Inbox/a.txt')).toBe('allow');
    expect(await read('~/Real/a.txt')).toBe('allow');
  });

  test('the owner’s roots are open until the task is both untrusted and private', async () => {
    at.rules.roots.push('~/Documents');
    await at.put('Documents/a.txt', 'x');
    const request = [{ sink: 'read', path: '~/Documents/a.txt' }] as const;
    expect(await sort(at.ask(request))).toBe('allow');
    expect(await sort(at.ask(request, { taint: { untrusted: true, private: false } }))).toBe('allow');
    expect(await sort(at.ask(request, { taint: both }))).toBe('ask read.roots');
  });

  test('the sensitive list holds inside grants and roots', async () => {
    at.rules.roots.push('~');
    const everything: Grant = { do: 'read', path: '~' };
    for (const path of ['.ssh/id', '.SSH/id', 'work/.env', 'work/.ENV.local', 'a.pem', 'errand-data/rules.json']) {
      await at.put(path, 'x');
      expect(`${path}: ${await read(`~/${path}`, [everything])}`).toBe(`${path}: deny read.sensitive`);
    }
    await at.put('key.txt', `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n`);
    expect(await read('~/key.txt', [everything])).toBe('deny read.sensitive');
    expect(await read('~/.ssh/not-there', [everything])).toBe('deny read.sensitive');
    at.rules.sensitive.push('~/Diary');
    expect(await read('~/diary/may.md', [everything])).toBe('deny read.sensitive');
  });

  test('guarded entries are not even listed', async () => {
    await at.put('.ssh/id', 'x');
    await at.put('Inbox/.env', 'x');
    await at.put('Inbox/a.txt', 'x');
    const verdict = await at.ask([{ sink: 'read', path: '~' }], { grants: [{ do: 'read', path: '~' }] });
    if (verdict.verdict !== 'allow') throw new Error(verdict.why);
    const [folder] = verdict.opened;
    if (folder?.sink !== 'read' || folder.kind !== 'folder') throw new Error('not a folder');
    expect((await folder.list()).map((entry) => entry.name)).toEqual(['Inbox']);
    const names: string[] = [];
    for await (const entry of folder.walk()) names.push(entry.name);
    expect(names).toEqual(['Inbox', 'Inbox/a.txt']);
    await verdict.close();
  });

  test('a hard link to a sensitive file is known by what it is', async () => {
    const secret = await at.put('.ssh/deep/key', 'secret');
    const harmless = await at.put('Inbox/one.txt', 'x');
    await link(secret, join(at.home, 'Inbox/notes.txt'));
    await link(harmless, join(at.home, 'Inbox/two.txt'));
    expect(await read('~/Inbox/notes.txt')).toBe('deny read.sensitive');
    expect(await read('~/Inbox/two.txt')).toBe('allow');
    const data = await at.put('errand-data/journal.sqlite', 'x');
    await link(data, join(at.home, 'Inbox/data.txt'));
    expect(await read('~/Inbox/data.txt')).toBe('deny read.sensitive');
  });

  test('pipes, sockets and devices are refused without being opened', async () => {
    await mkdir(join(at.home, 'Inbox'));
    execFileSync('mkfifo', [join(at.home, 'Inbox/pipe')]);
    expect(await read('~/Inbox/pipe')).toMatch(/neither a file nor a folder/);
    expect(await read('/dev/zero', [{ do: 'read', path: '/dev' }])).toBe('deny read.sensitive');
  });

  test('names what is missing, but only where the task may look', async () => {
    await at.put('Inbox/a.txt', 'x');
    expect(await read('~/Inbox/b.txt')).toMatch(/There is no .*Inbox\/b\.txt\. List/);
    expect(await read('~/Inbox/a.txt/b')).toMatch(/is a file, not a folder/);
    expect(await read('~/Other/b.txt')).toBe('deny read.elsewhere');
    expect(await read('/nowhere/x')).toBe('deny read.elsewhere');
    expect(await read('~/Inbox/a\0b')).toMatch(/control character/);
  });

  test('the task’s workspace lies inside the agent’s folder and is its own', async () => {
    await at.put('errand-data/work/t1/a.txt', 'x');
    await at.put('errand-data/work/t2/a.txt', 'x');
    const workspace = join(at.home, 'errand-data/work/t1');
    const ask = (path: string) => sort(at.ask([{ sink: 'read', path: join(at.home, path) }], { workspace }));
    expect(await ask('errand-data/work/t1/a.txt')).toBe('allow');
    expect(await ask('errand-data/work/t2/a.txt')).toBe('deny read.sensitive');
    const place = { sink: 'write', path: join(workspace, 'deep/b.sh'), content: toBytes('x') } as const;
    expect(await sort(at.ask([place], { workspace }))).toBe('allow');
  });

  test('only what the task wrote while clean, and nobody changed, leaves it clean', async () => {
    const path = await at.put('Reports/own.md', 'mine');
    const clean = { untrusted: false, private: false };
    const wrote = new Map([[path, { sha256: await hash('mine'), taint: clean }]]);
    const ask = async () => {
      const verdict = await at.ask([{ sink: 'read', path }], { grants: [reports], wrote });
      if (verdict.verdict !== 'allow') throw new Error(verdict.why);
      await verdict.close();
      return verdict.taint;
    };
    expect(await ask()).toEqual(clean);
    await writeFile(path, 'not mine any more');
    expect(await ask()).toEqual(both);
  });
});

describe('writing', () => {
  test('a new file in a grant is published with its folders, and nothing is kept', async () => {
    const intent = { sink: 'write', path: '~/Reports/2026/a.md', content: toBytes('new') } as const;
    expect(await commit(await at.ask([intent], { grants: [reports] }))).toEqual({ done: true });
    expect(await readFile(join(at.home, 'Reports/2026/a.md'), 'utf8')).toBe('new');
    expect((await stat(join(at.home, 'Reports/2026/a.md'))).mode & 0o111).toBe(0);
    expect(at.kept).toEqual([{ path: join(at.home, 'Reports/2026/a.md'), bytes: null, sha256: null }]);
  });

  test('replacing needs its own grant, keeps the old version first and the file’s mode', async () => {
    const path = await at.put('Reports/a.md', 'old');
    await chmod(path, 0o740);
    expect(await write('~/Reports/a.md')).toBe('ask write.replace');
    const intent = { sink: 'write', path: '~/Reports/a.md', content: toBytes('new') } as const;
    expect(await commit(await at.ask([intent], { grants: [reportsReplace] }))).toEqual({ done: true });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(at.kept).toEqual([{ path, bytes: toBytes('old'), sha256: await hash('old') }]);
  });

  test('what the task wrote itself it may write again, and the same bytes are written by nobody twice', async () => {
    const path = await at.put('Reports/a.md', 'first');
    const wrote = new Map([[path, { sha256: await hash('first'), taint: both }]]);
    const intent = { sink: 'write', path, content: toBytes('new') } as const;
    expect(await sort(at.ask([intent], { grants: [reports], wrote }))).toBe('allow');
    await writeFile(path, 'new');
    const { ino } = await stat(path);
    expect(await commit(await at.ask([intent], { grants: [reports] }))).toEqual({ done: true });
    expect((await stat(path)).ino).toBe(ino);
    expect(at.kept).toEqual([]);
  });

  test('elsewhere it asks, also in the owner’s roots and where the task may only read', async () => {
    at.rules.roots.push('~/Documents');
    await at.put('Documents/x', '');
    await at.put('Inbox/x', '');
    expect(await write('~/Documents/a.md')).toBe('ask write.elsewhere');
    expect(await write('~/Inbox/a.md', [inbox])).toBe('ask write.elsewhere');
    expect(await write('~/new folder/a.md')).toMatch(/There is no folder/);
  });

  test('bait, odd types and sensitive places are not written silently inside a grant', async () => {
    await at.put('Reports/x', '');
    const grants: Grant[] = [{ do: 'write', path: '~', replace: true }];
    expect(await write('~/Reports/.git/hooks/pre-commit', grants)).toBe('ask-high write.bait');
    expect(await write('~/.bashrc', grants)).toBe('ask-high write.bait');
    expect(await write('~/Reports/CLAUDE.md', grants)).toBe('ask-high write.bait');
    expect(await write('~/Reports/package.json', grants)).toBe('ask-high write.bait');
    expect(await write('~/Reports/report.docm', grants)).toBe('ask-high write.bait');
    expect(await write('~/Reports/page.html', grants)).toBe('ask write.type');
    expect(await write('~/Reports/program', grants)).toBe('ask write.type');
    expect(await write('~/.ssh/authorized_keys', grants)).toBe('deny write.sensitive');
    expect(await write('~/errand-data/rules.json', grants)).toBe('deny write.sensitive');
    expect(await write('~/Reports/key.pem', grants)).toBe('deny write.sensitive');
    expect(await write('~/Reports', grants)).toMatch(/It is a folder/);
  });

  test('goes where a link leads, and is judged there', async () => {
    await at.put('Other/target.md', 'old');
    await mkdir(join(at.home, 'Reports'));
    await symlink(join(at.home, 'Other/target.md'), join(at.home, 'Reports/a.md'));
    await symlink(join(at.home, 'Other'), join(at.home, 'Reports/out'));
    expect(await write('~/Reports/a.md', [reportsReplace])).toBe('ask write.elsewhere');
    expect(await write('~/Reports/out/b.md', [reportsReplace])).toBe('ask write.elsewhere');
    expect(await write('~/Reports/../Other/b.md', [reportsReplace])).toBe('ask write.elsewhere');
  });

  test('nothing is written when the file changes between gate and commit', async () => {
    const path = await at.put('Reports/a.md', 'old');
    const intent = { sink: 'write', path, content: toBytes('new') } as const;
    const replaced = await at.ask([intent], { grants: [reportsReplace] });
    await writeFile(path, 'somebody else');
    expect(await commit(replaced)).toMatchObject({ done: false });
    expect(await readFile(path, 'utf8')).toBe('somebody else');
    const created = await at.ask([{ ...intent, path: '~/Reports/b.md' }], { grants: [reports] });
    await at.put('Reports/b.md', 'somebody else');
    expect(await commit(created)).toMatchObject({ done: false });
    expect(await readFile(join(at.home, 'Reports/b.md'), 'utf8')).toBe('somebody else');
    expect(at.kept).toEqual([]);
  });

  test('a folder swapped for a link after the gate does not move the write', async () => {
    await at.put('Reports/x', '');
    await at.put('Other/x', '');
    const verdict = await at.ask([{ sink: 'write', path: '~/Reports/a.md', content: toBytes('new') }], {
      grants: [reports],
    });
    await rename(join(at.home, 'Reports'), join(at.home, 'Moved'));
    await symlink(join(at.home, 'Other'), join(at.home, 'Reports'));
    await commit(verdict);
    expect(await stat(join(at.home, 'Other/a.md')).catch(() => 'nothing there')).toBe('nothing there');
  });
});

describe('asking', () => {
  const intent = { sink: 'write', path: '~/Elsewhere/a.md', content: toBytes('new') } as const;
  const ask = async (answered = new Set<string>(), step = 1) => at.ask([intent], { grants: [reports], step }, answered);
  const digestOf = (verdict: Verdict): string =>
    verdict.verdict === 'ask' ? (verdict.actions[0]?.digest ?? '') : verdict.verdict;

  beforeEach(() => at.put('Elsewhere/a.md', 'old'));

  test('freezes the action to the byte, as the phone will show it', async () => {
    const verdict = await ask();
    if (verdict.verdict !== 'ask') throw new Error(verdict.verdict);
    const [frozen] = verdict.actions;
    const { action, digest } = await thawAction(frozen?.bytes ?? '');
    expect(digest).toBe(frozen?.digest ?? '');
    expect(action.act).toEqual({
      sink: 'write',
      path: join(at.home, 'Elsewhere/a.md'),
      before: { sha256: await hash('old'), size: 3 },
      after: { sha256: await hash('new'), size: 3 },
    });
  });

  test('an approval lets exactly this action through', async () => {
    const digest = digestOf(await ask());
    expect(digestOf(await ask())).toBe(digest);
    expect(await commit(await ask(new Set([digest])))).toEqual({ done: true });
    expect(await readFile(join(at.home, 'Elsewhere/a.md'), 'utf8')).toBe('new');
  });

  test('an approval is void once the file changed, for another step and for other bytes', async () => {
    const digest = digestOf(await ask());
    expect(digestOf(await ask(new Set([digest]), 2))).not.toBe(digest);
    const other = await at.ask([{ ...intent, content: toBytes('evil') }], {}, new Set([digest]));
    expect(other.verdict).toBe('ask');
    await writeFile(join(at.home, 'Elsewhere/a.md'), 'changed meanwhile');
    const again = await ask(new Set([digest]));
    expect(again.verdict).toBe('ask');
    expect(digestOf(again)).not.toBe(digest);
  });

  test('an approval cannot be moved by a link', async () => {
    const digest = digestOf(await ask());
    await at.put('Target/a.md', 'old');
    await rm(join(at.home, 'Elsewhere'), { recursive: true });
    await symlink(join(at.home, 'Target'), join(at.home, 'Elsewhere'));
    expect((await ask(new Set([digest]))).verdict).toBe('ask');
  });

  test('no approval lifts a refusal', async () => {
    await at.put('.ssh/config', 'x');
    const everything = { has: () => true, size: 1 } as unknown as ReadonlySet<string>;
    const verdict = await at.ask([{ sink: 'read', path: '~/.ssh/config' }], {}, everything);
    expect(verdict.verdict).toBe('deny');
  });

  test('several intents are one question, with a digest each; one refusal refuses all', async () => {
    const two = [intent, { ...intent, path: '~/Elsewhere/b.md' }];
    const verdict = await at.ask(two);
    expect(verdict.verdict === 'ask' ? verdict.actions.length : 0).toBe(2);
    expect(await sort(at.ask([...two, { sink: 'read', path: '/etc/passwd' }]))).toBe('deny read.elsewhere');
    expect((await at.ask(Array.from({ length: 21 }, () => intent))).verdict).toBe('deny');
  });
});

describe('named scripts', () => {
  const granted: Grant = { do: 'script', name: 'backup' };
  const run = (grants: readonly Grant[] = [granted], name = 'backup') =>
    sort(at.ask([{ sink: 'script', name }], { grants }));

  beforeEach(async () => {
    const file = await at.put('bin/backup.sh', 'echo hi');
    at.rules.scripts.push({ name: 'backup', file, argv: ['sh', file], cwd: at.home, sha256: await hash('echo hi') });
  });

  test('run when granted and unchanged', async () => {
    expect(await run()).toBe('allow');
    expect(await run([])).toBe('ask script.ungranted');
    expect(await run([granted], 'unknown')).toBe('deny script.unknown');
  });

  test('ask when the file changed, and for each change anew', async () => {
    const path = await at.put('bin/backup.sh', 'echo evil');
    const verdict = await at.ask([{ sink: 'script', name: 'backup' }], { grants: [granted] });
    if (verdict.verdict !== 'ask') throw new Error(verdict.verdict);
    expect([verdict.high, verdict.rule]).toEqual([true, 'script.changed']);
    const answered = new Set(verdict.actions.map((action) => action.digest));
    expect(await sort(at.ask([{ sink: 'script', name: 'backup' }], { grants: [granted] }, answered))).toBe('allow');
    await writeFile(path, 'echo more evil');
    expect(await sort(at.ask([{ sink: 'script', name: 'backup' }], { grants: [granted] }, answered))).toBe(
      'ask-high script.changed',
    );
    await rm(path);
    expect(await run()).toMatch(/not there any more/);
  });
});
