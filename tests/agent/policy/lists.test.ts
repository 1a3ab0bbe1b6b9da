import { describe, expect, test } from 'bun:test';
import blockedApps from '../../../agent/policy/data/blocked-apps.json';
import blockedDomains from '../../../agent/policy/data/blocked-domains.json';
import { isPrivateKey } from '../../../agent/policy/private-key.ts';
import { sensitiveList, sensitiveOf } from '../../../agent/policy/sensitive.ts';
import { baitList, isBait, isPlainType } from '../../../agent/policy/write-kind.ts';
import type { Platform } from '../../../agent/policy/names.ts';

const HOME = new Map<Platform, string>([
  ['linux', '/home/ines'],
  ['darwin', '/Users/ines'],
  ['win32', 'C:\\Users\\ines'],
]);

const homeOf = (platform: Platform): string => HOME.get(platform) ?? '';
const on = (platform: Platform, extra: readonly string[] = []) =>
  sensitiveOf({ home: homeOf(platform), platform, own: [`${homeOf(platform)}/.local/share/errand`], extra });

/** A path that a pattern names. */
const example = (entry: string, platform: Platform): string =>
  entry
    .replace('~', () => homeOf(platform))
    .replaceAll('**', 'a/b')
    .replaceAll('*', 'x')
    .replaceAll('?', 'C');

const systems: readonly (readonly [Platform, readonly string[]])[] = [
  ['linux', [...sensitiveList.home, ...sensitiveList.linux]],
  ['darwin', [...sensitiveList.home, ...sensitiveList.darwin]],
  ['win32', [...sensitiveList.home, ...sensitiveList.win32]],
];

const variants = (path: string, platform: Platform): readonly string[] => {
  const separator = platform === 'win32' ? '\\' : '/';
  return [
    path,
    path.toUpperCase(),
    path.toLowerCase(),
    path.normalize('NFD'),
    `${path}${separator}below${separator}file`,
  ];
};

describe('the sensitive list', () => {
  test.each(systems)('guards each of its entries on %s, in any case and with all below', (platform, entries) => {
    expect(entries.length).toBeGreaterThan(50);
    const { guard } = on(platform);
    const open = entries
      .flatMap((entry) => variants(example(entry, platform), platform))
      .filter((path) => guard(path, true) === null);
    expect(open).toEqual([]);
  });

  test('guards files of its names in any folder, in any case', () => {
    const { guard } = on('linux');
    const paths = sensitiveList.files.map((entry) => example(`~/Inbox/deep/${entry}`, 'linux'));
    const open = paths.flatMap((path) => [path, path.toUpperCase()]).filter((path) => guard(path, false) === null);
    expect(open).toEqual([]);
  });

  test.each([
    ['a decomposed letter', '/home/ines/.ſſh/id'],
    ['a zero-width character', '/home/ines/.s\u200bsh/id'],
    ['a dot that FAT drops', '/home/ines/.ssh./id'],
    ['full capitals', '/HOME/INES/.SSH/ID'],
  ])('sees through %s', (_, path) => {
    expect(on('linux').guard(path, false)).toBe('~/.ssh');
  });

  test('guards the agent’s own folder and what the owner added', () => {
    const { guard } = on('linux', ['~/Private', '*.vault']);
    expect(guard('/home/ines/.local/share/errand/rules.json', false)).not.toBeNull();
    expect(guard('/home/ines/private/x.md', false)).toBe('~/Private');
    expect(guard('/home/ines/Inbox/a.VAULT', false)).toBe('*.vault');
  });

  test('leaves ordinary documents alone, and the home of root to root', () => {
    const { guard } = on('linux');
    for (const path of ['Documents/offer.pdf', 'environment.md', 'ssh/notes.txt', 'Keynote/talk.key']) {
      expect(guard(`/home/ines/${path}`, false)).toBeNull();
    }
    const root = sensitiveOf({ home: '/root', platform: 'linux', own: [], extra: [] });
    expect(root.guard('/root/Inbox/a.pdf', false)).toBeNull();
    expect(root.guard('/root/.ssh/id', false)).toBe('~/.ssh');
    expect(on('linux').guard('/root/Inbox/a.pdf', false)).toBe('/root');
  });
});

describe('private keys', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const pem = `-----BEGIN OPENSSH PRIVATE KEY-----\n${'b3BlbnNzaC1rZXktdjEAAAAABG5vbmU'.repeat(3)}\n`;

  test('are known by content under any name', () => {
    expect(isPrivateKey('notes.txt', bytes(pem))).toBe(true);
    expect(isPrivateKey('x.txt', bytes(`Bag Attributes\n${pem}`))).toBe(true);
    expect(isPrivateKey('x', bytes('PuTTY-User-Key-File-3: ssh-ed25519'))).toBe(true);
    expect(isPrivateKey('server.KEY', new Uint8Array([0x30, 0x82, 4, 2]))).toBe(true);
  });

  test('are not Keynote files nor texts about keys', () => {
    expect(isPrivateKey('talk.key', bytes('PK\u0003\u0004'))).toBe(false);
    expect(isPrivateKey('how-to.md', bytes('Look for -----BEGIN PRIVATE KEY----- in the file.'))).toBe(false);
  });
});

describe('what is written', () => {
  test('is bait by each entry of the list, in any case', () => {
    const home = homeOf('linux');
    const names = baitList.names.map((entry) => `${home}/Reports/${entry.replaceAll('*', 'x')}`);
    const paths = baitList.paths
      .filter((entry) => !entry.startsWith('?'))
      .map((entry) => `${example(entry, 'linux')}/x.md`);
    const missed = [...names, ...paths].flatMap((path) => [path, path.replace(/[^/]+$/, (name) => name.toUpperCase())]);
    expect(missed.filter((path) => !isBait(path, home, 'linux'))).toEqual([]);
    expect(isBait('C:\\Windows\\x.md', homeOf('win32'), 'win32')).toBe(true);
  });

  test.each([
    '.git/hooks/pre-commit',
    '.bashrc',
    '.config/autostart/a.md',
    'repo/.vscode/tasks.json',
    'repo/CLAUDE.md',
    'Reports/run.js.',
    'Reports/pay.docm',
  ])('is bait at ~/%s', (path) => {
    expect(isBait(`/home/ines/${path}`, '/home/ines', 'linux')).toBe(true);
  });

  test('is not bait for lying below a hidden folder above home', () => {
    expect(isBait('/mnt/.homes/ines/Reports/a.md', '/mnt/.homes/ines', 'linux')).toBe(false);
    expect(isBait('/home/ines/Reports/summary.docx', '/home/ines', 'linux')).toBe(false);
  });

  test('is of a plain type only by its last ending', () => {
    for (const name of ['a.md', 'a.TXT', 'a.csv', 'a.json', 'a.pdf', 'a.docx', 'a.xlsx', 'a.pptx', 'a.png', 'a.jpg']) {
      expect(isPlainType(`/x/${name}`)).toBe(true);
    }
    for (const name of ['a', 'a.md.exe', 'a.html', 'a.svg', 'a.sh', 'a.md.', 'a.xlsm', 'docx']) {
      expect(isPlainType(`/x.md/${name}`)).toBe(false);
    }
  });
});

describe('the lists for later', () => {
  test('are versioned and hold no entry twice', () => {
    const { version: apps, comment: _apps, ...systemsOf } = blockedApps;
    const { version: domains, comment: _domains, ...groups } = blockedDomains;
    expect([apps, domains]).toEqual([1, 1]);
    for (const entries of [...Object.values(systemsOf), ...Object.values(groups)]) {
      expect(entries.length).toBeGreaterThan(10);
      expect(new Set(entries.map((entry) => entry.toLowerCase())).size).toBe(entries.length);
    }
  });
});
