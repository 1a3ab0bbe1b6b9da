import type { Facts } from './decide.ts';
import { locate } from './locate.ts';
import { spell } from './names.ts';
import type { Script } from './rules.ts';
import type { Surroundings } from './surroundings.ts';
import { stateOf } from './through.ts';
import type { Weighed } from './weighed.ts';

/** The hash of a script's file as it is now, or why there is none. */
async function hashNow(script: Script, { desk }: Surroundings): Promise<{ sha256: string } | string> {
  const spelled = spell(script.file, desk.home, desk.platform);
  if (!spelled.ok) return spelled.why;
  const found = await locate(spelled.path, desk.platform);
  if (found.kind === 'refused') return found.why;
  const held = found.kind === 'missing' ? found.above : found;
  try {
    if (found.kind !== 'file') return 'Its file is not there any more.';
    return { sha256: (await stateOf(held.handle)).sha256 };
  } catch {
    return 'Its file could not be read.';
  } finally {
    await held.handle.close();
  }
}

/** What a script prints is the work of whatever it read, so it counts as both. Must not throw. */
export async function weighScript(name: string, surroundings: Surroundings): Promise<Weighed> {
  const script = surroundings.scripts.find((each) => each.name === name);
  const subject = `the script ${JSON.stringify(name)}`;
  if (script === undefined)
    return { kind: 'blocked', facts: { sink: 'script', script: 'unknown' }, subject, why: 'Unknown.' };
  const granted = surroundings.task.grants.some((grant) => grant.do === 'script' && grant.name === name);
  const known: Facts = { sink: 'script', script: granted ? 'unchanged' : 'ungranted' };
  const now = await hashNow(script, surroundings);
  if (typeof now === 'string') {
    return {
      kind: 'blocked',
      facts: known,
      subject,
      why: `${subject}: ${now} Register it again with \`errand script add\`.`,
    };
  }
  const taint = { untrusted: true, private: true };
  const { argv, cwd } = script;
  return {
    kind: 'ready',
    facts: now.sha256 === script.sha256 ? known : { sink: 'script', script: 'changed' },
    act: { sink: 'script', name, argv, cwd, sha256: now.sha256 },
    subject,
    taint,
    open: () => ({ sink: 'script', name, argv, cwd, taint }),
    close: () => Promise.resolve(),
  };
}
