import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBytes } from '../../../edge/protocol/bytes.ts';
import { newId } from '../../../edge/protocol/id.ts';
import type { Grant } from '../../../edge/protocol/grant.ts';
import type { Step } from '../../../agent/policy/publish.ts';
import { asOrdinaryUser } from '../../support/ordinary-user.ts';
import { tempDesk, type TempDesk } from '../../support/temp-desk.ts';

setDefaultTimeout(120_000);

const NEW = 'new '.repeat(50_000);
const OLD = 'old '.repeat(50_000);
const STEPS: readonly Step[] = ['kept', 'created', 'half', 'written', 'moved'];
const grants: readonly Grant[] = [{ do: 'write', path: '~/Reports', replace: true }];

let at: TempDesk;
beforeEach(async () => {
  at = await tempDesk();
});
afterEach(() => at.remove());

const folder = (): string => join(at.home, 'Reports/deep');
const read = (): string => {
  try {
    return readFileSync(join(folder(), 'a.md'), 'utf8');
  } catch {
    return 'nothing';
  }
};

function killedAt(step: string): { signal: string | null; output: string } {
  const child = spawnSync(process.execPath, [join(import.meta.dir, 'publish-child.ts'), at.home, step, 'new '], {
    encoding: 'utf8',
  });
  return { signal: child.signal, output: child.stdout + child.stderr };
}

async function publishAgain(): Promise<void> {
  const verdict = await at.ask([{ sink: 'write', path: '~/Reports/deep/a.md', content: toBytes(NEW) }], { grants });
  if (verdict.verdict !== 'allow') throw new Error(verdict.why);
  const [write] = verdict.opened;
  expect(write?.sink === 'write' ? await write.commit() : null).toEqual({ done: true });
  await verdict.close();
}

describe('a process killed while it publishes', () => {
  test.each(STEPS)('a replaced file, once %s, leaves the old bytes or the new, and the old ones kept', async (step) => {
    await at.put('Reports/deep/a.md', OLD);
    expect(killedAt(step).signal).toBe('SIGKILL');
    expect(read()).toBe(step === 'moved' ? NEW : OLD);
    expect(readFileSync(join(at.home, 'kept'), 'utf8')).toBe(OLD);
    await publishAgain();
    expect(read()).toBe(NEW);
    expect(readdirSync(folder())).toEqual(['a.md']);
  });

  test.each(STEPS)('a new file, once %s, is there whole or not at all', async (step) => {
    expect(killedAt(step).signal).toBe('SIGKILL');
    expect(read()).toBe(step === 'moved' ? NEW : 'nothing');
    expect(readFileSync(join(at.home, 'kept'), 'utf8')).toBe('nothing');
    await publishAgain();
    expect(read()).toBe(NEW);
    expect(readdirSync(folder())).toEqual(['a.md']);
  });

  test('is what the other tests do: unharmed, the same child publishes', () => {
    expect(killedAt('never')).toEqual({ signal: null, output: '{"done":true}\n' });
    expect(read()).toBe(NEW);
  });
});

describe('what is in the way of publishing', () => {
  test('leftovers of an earlier start are swept, those of this start and other hidden files are not', async () => {
    await at.put(`Reports/deep/.errand-${newId()}-1.part`, 'half');
    await at.put(`Reports/deep/.errand-${at.desk.run}-99.part`, 'mine');
    await at.put('Reports/deep/.errand-notes', 'the owner’s');
    await publishAgain();
    expect(readdirSync(folder()).toSorted()).toEqual(
      [`.errand-${at.desk.run}-99.part`, '.errand-notes', 'a.md'].toSorted(),
    );
  });

  test('what was replaced is kept before the new bytes are there', async () => {
    await at.put('Reports/deep/a.md', OLD);
    const seen: string[] = [];
    const desk = { ...at.desk, keepBefore: () => Promise.resolve(void seen.push(read())) };
    Object.assign(at.desk, desk);
    await publishAgain();
    expect(seen).toEqual([OLD]);
  });

  test('when the old version cannot be kept, nothing is written', async () => {
    await at.put('Reports/deep/a.md', OLD);
    Object.assign(at.desk, { keepBefore: () => Promise.reject(new Error('The journal is full.')) });
    const verdict = await at.ask([{ sink: 'write', path: '~/Reports/deep/a.md', content: toBytes(NEW) }], { grants });
    if (verdict.verdict !== 'allow') throw new Error(verdict.why);
    const [write] = verdict.opened;
    expect(write?.sink === 'write' ? await write.commit() : null).toMatchObject({
      done: false,
      why: expect.stringContaining('journal'),
    });
    await verdict.close();
    expect(read()).toBe(OLD);
    expect(readdirSync(folder())).toEqual(['a.md']);
  });

  test('a folder that may not be written says so', async () => {
    await at.put('Reports/deep/x', '');
    chmodSync(at.home, 0o755);
    chmodSync(folder(), 0o555);
    const verdict = await at.ask([{ sink: 'write', path: '~/Reports/deep/a.md', content: toBytes(NEW) }], { grants });
    if (verdict.verdict !== 'allow') throw new Error(verdict.why);
    const [write] = verdict.opened;
    const committed = await asOrdinaryUser(() => (write?.sink === 'write' ? write.commit() : Promise.resolve(null)));
    await verdict.close();
    chmodSync(folder(), 0o755);
    expect(committed).toMatchObject({ done: false, why: expect.stringContaining('may not write there') });
    expect(read()).toBe('nothing');
  });
});
