import { describe, expect, test } from 'bun:test';
import { isWithin, spell } from '../../../agent/policy/names.ts';

const linux = (path: string): string => {
  const spelled = spell(path, '/home/ines', 'linux');
  return spelled.ok ? spelled.path : spelled.why;
};
const windows = (path: string): boolean => spell(path, 'C:\\Users\\ines', 'win32').ok;

describe('a path as somebody wrote it', () => {
  test.each([
    ['~', '/home/ines'],
    ['~/Inbox', '/home/ines/Inbox'],
    ['Inbox/a.pdf', '/home/ines/Inbox/a.pdf'],
    ['~/Inbox/../../../etc/passwd', '/etc/passwd'],
    ['~other/a', '/home/ines/~other/a'],
    ['/a//b/./c/', '/a/b/c'],
    ['~/Acme Inc./a b.pdf', '/home/ines/Acme Inc./a b.pdf'],
  ])('%s is %s', (written, path) => {
    expect(linux(written)).toBe(path);
  });

  test.each(['a\0b', 'a\nb', 'a\u001b[2J', '\u007f', ''])('%j is refused everywhere', (path) => {
    expect(spell(path, '/home/ines', 'linux').ok).toBe(false);
    expect(windows(path)).toBe(false);
  });

  test.each([
    '\\\\server\\share\\a.txt',
    '//server/share/a.txt',
    '\\\\?\\C:\\a.txt',
    '\\\\.\\PhysicalDrive0',
    'C:\\Inbox\\a.txt:hidden',
    'C:\\Inbox\\a.txt::$DATA',
    'C:\\Inbox\\id_rsa.',
    'C:\\Inbox\\id_rsa ',
    'C:\\PROGRA~1\\x',
    'C:\\Inbox\\nul',
    'C:\\Inbox\\COM1.txt',
    'C:\\Inbox\\CONIN$',
  ])('%s is refused on Windows', (path) => {
    expect(windows(path)).toBe(false);
  });

  test('ordinary Windows paths are not', () => {
    for (const path of ['~\\Inbox\\a.pdf', 'C:/Users/ines/Console.txt', 'C:\\Users\\ines\\My files\\ü.md']) {
      expect(windows(path)).toBe(true);
    }
  });
});

describe('lying within a folder', () => {
  test('goes by whole names', () => {
    expect(isWithin('/a/Inbox/x', '/a/Inbox', 'linux')).toBe(true);
    expect(isWithin('/a/Inbox', '/a/Inbox', 'linux')).toBe(true);
    expect(isWithin('/a/Inbox2/x', '/a/Inbox', 'linux')).toBe(false);
    expect(isWithin('/a', '/a/Inbox', 'linux')).toBe(false);
    expect(isWithin('/a/x', '/', 'linux')).toBe(true);
  });

  test('takes composed and decomposed letters for one, and case only where the system does', () => {
    expect(isWithin('/a/Bu\u0308ro/x', '/a/B\u00fcro', 'linux')).toBe(true);
    expect(isWithin('/a/inbox/x', '/a/Inbox', 'linux')).toBe(false);
    expect(isWithin('/a/inbox/x', '/a/Inbox', 'darwin')).toBe(true);
    expect(isWithin('c:\\A\\inbox\\x', 'C:\\a\\Inbox', 'win32')).toBe(true);
  });
});
