import { expect, test } from 'bun:test';
import type { Action } from '../../edge/protocol/ask.ts';
import { actionFacts } from '../../mobile/screens/action-facts.ts';
import { visible } from '../../mobile/ui/format.ts';
import { en } from '../../mobile/words/en.ts';

const hash = 'A'.repeat(43);
const shown = (act: Action['act']): string => {
  const { what, facts } = actionFacts({ v: 1, t: 'A'.repeat(22), n: 1, act }, en.ask);
  return [what, ...facts.map(([name, value]) => `${name}: ${value}`)].join('\n');
};

test('characters that hide or turn others around are made visible', () => {
  expect(visible('/home/ann/\u202Efdp.exe')).toBe('/home/ann/⟨U+202E⟩fdp.exe');
  expect(visible('a\u200Bb\u00ADc\uFEFFd\ne')).toBe('a⟨U+200B⟩b⟨U+00AD⟩c⟨U+FEFF⟩d⟨U+000A⟩e');
  expect(visible('Müller – 日本.pdf')).toBe('Müller – 日本.pdf');
});

test('each kind of action is shown with all of its members', () => {
  expect(shown({ sink: 'read', path: '/etc/hosts' })).toContain('/etc/hosts');
  const write = shown({
    sink: 'write',
    path: '/home/ann/a.docx',
    before: { sha256: 'B'.repeat(43), size: 10 },
    after: { sha256: hash, size: 2048 },
  });
  for (const part of ['Replace', '/home/ann/a.docx', '10 B', 'BBBBBBBBBBBB', '2 kB', 'AAAAAAAAAAAA']) {
    expect(write).toContain(part);
  }
  const script = shown({ sink: 'script', name: 'backup', argv: ['sh', '-c', 'a b'], cwd: '/srv', sha256: hash });
  for (const part of ['backup', '"sh" "-c" "a b"', '/srv', hash]) expect(script).toContain(part);
  const repeat = shown({ sink: 'repeat', tool: 'write', about: '~/a.docx' });
  for (const part of ['write', '~/a.docx']) expect(repeat).toContain(part);
});

test('a new file is not called a replaced one', () => {
  const act = { sink: 'write', path: '/a', before: null, after: { sha256: hash, size: 1 } } satisfies Action['act'];
  expect(shown(act)).toContain('Create');
});
