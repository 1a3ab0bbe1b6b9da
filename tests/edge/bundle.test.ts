import { expect, test } from 'bun:test';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { attack } from '../support/evidence.ts';

const dist = join(import.meta.dirname, '../../mobile/dist');

/** What a secret of a project, of the relay or of a device looks like. */
const SECRETS: readonly (readonly [what: string, look: RegExp])[] = [
  ['a secret key of a project', /sb_secret_|SECRET_KEY|service_role/],
  ['a token', /eyJ[\w-]{10,}\.eyJ[\w-]{10,}\./],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY|["']?\bd["']?:["'][\w-]{43}["']/],
  ['a password in an address', /\b(?:postgres(?:ql)?|https?):\/\/[^\s"'`/@:${]+:[^\s"'`/@${]+@/],
  ['a key of a model', /sk-ant-[\w-]{8,}/],
];

attack('the relay', "whoever reads the phone app's files finds no secret in them", () => {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(js|css|html|json|webmanifest|map)$/.test(name),
  );
  expect(files.length).toBeGreaterThan(5);
  const texts = files.map((name) => [name, readFileSync(join(dist, name), 'utf8')] satisfies [string, string]);
  expect(texts.reduce((sum, [, text]) => sum + text.length, 0)).toBeGreaterThan(100_000);
  const found = texts.flatMap(([name, text]) =>
    SECRETS.filter(([, look]) => look.test(text)).map(([what]) => `${name}: ${what}`),
  );
  expect(found).toEqual([]);
});

test('the looks of one are known', () => {
  const looks = [
    'const k="sb_secret_abcdefgh"',
    `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.x`,
    `{"kty":"EC","d":"${'A'.repeat(43)}"}`,
    'postgres://postgres:hunter2@db.example.org/x',
    'sk-ant-api03-abcdefgh',
  ];
  looks.forEach((text, at) => expect(SECRETS[at]?.[1].test(text)).toBe(true));
});
