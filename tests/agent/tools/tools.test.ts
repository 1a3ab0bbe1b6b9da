import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { tools } from '../../../agent/tools/tools.ts';

const folder = join(import.meta.dir, '../../../agent/tools');

test('each tool has a name of its own, a file of that name and a schema a model can read', () => {
  expect(new Set(tools.map((tool) => tool.name)).size).toBe(tools.length);
  for (const tool of tools) {
    expect(tool.name).toMatch(/^[a-z_]{1,64}$/);
    expect(readdirSync(folder)).toContain(`${tool.name.replaceAll('_', '-')}.ts`);
    expect(z.toJSONSchema(tool.input)).toMatchObject({ type: 'object', additionalProperties: false });
  }
});

test('every tool in the folder is in the table of contents', () => {
  const made = readdirSync(folder).filter(
    (name) => name.endsWith('.ts') && /: Tool</.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(made.map((name) => name.replace('.ts', '').replaceAll('-', '_')).toSorted()).toEqual(
    tools.map((tool) => tool.name).toSorted(),
  );
});

test('only what has an effect outside the agent’s sight is done once', () => {
  expect(tools.filter((tool) => tool.class === 'once').map((tool) => tool.name)).toEqual(['run_script']);
  for (const tool of tools) expect(tool.class === 'idem').toBe(tool.name.startsWith('write_'));
});
