import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { API_KEY, openKeyring } from '../link/keyring.ts';
import { runCommand } from '../power/run-command.ts';
import { explainSleepTimers, readSleepTimers } from '../power/sleep-timers.ts';
import { findAgent } from './agent-process.ts';
import type { Command, Desk } from './command.ts';
import { changeConfig, openConfig } from './desk-config.ts';
import { proposedRoots } from './folders.ts';
import { DEFAULT_MODEL, detectModel, localModels, type ModelChoice, modelWords, testModel } from './models.ts';
import { openPrompt, type Prompt } from './prompt.ts';

async function askRoots(desk: Desk, prompt: Prompt, now: readonly string[]): Promise<string[]> {
  desk.say('\nFolders an errand may read without asking (others only when the errand names them):');
  const offered = [...new Set([...proposedRoots(desk), ...now])];
  const chosen: string[] = [];
  for (const root of offered) if (await prompt.yes(`  ${root}`, now.includes(root))) chosen.push(root);
  const more = await prompt.line('  Another folder (empty for none)');
  const there = existsSync(more.replace(/^~(?=\/|$)/, desk.home));
  if (more !== '' && !there) desk.say(`  There is no folder ${more}; it was left out.`);
  return more !== '' && there ? [...chosen, more] : chosen;
}

/** A key is kept only after it was answered once. */
async function pastedKey(desk: Desk, prompt: Prompt): Promise<ModelChoice | undefined> {
  const key = await prompt.secret('\nPaste an Anthropic API key, or press Enter to go without');
  if (key === '') return undefined;
  const name = await prompt.line('Model', DEFAULT_MODEL);
  const model: ModelChoice = { kind: 'anthropic', name };
  desk.say('Trying the key with one short message.');
  const refused = await testModel({ fetch: desk.fetch, model, key });
  if (refused !== undefined) {
    desk.say(`The key was not accepted: ${refused}`);
    return pastedKey(desk, prompt);
  }
  const keyring = await openKeyring({ folder: desk.data, force: desk.env.ERRAND_KEYRING, notice: desk.say });
  await keyring.set(API_KEY, key);
  desk.say(
    keyring.backend === 'keychain'
      ? 'It works, and is kept in the keychain.'
      : 'It works, and is kept in the data folder.',
  );
  return model;
}

async function askModel(desk: Desk, prompt: Prompt, now: ModelChoice): Promise<ModelChoice> {
  desk.say(`\nModel now: ${modelWords(now)}`);
  for (const found of await localModels(desk.fetch)) {
    if (await prompt.yes(`Use ${modelWords(found)}? Every word stays on this computer.`, now.kind === 'offline'))
      return found;
  }
  const pasted = await pastedKey(desk, prompt);
  if (pasted !== undefined) return pasted;
  if (now.kind === 'offline') return now;
  return (await prompt.yes(`Keep ${modelWords(now)}?`, true)) ? now : { kind: 'offline' };
}

async function interview(desk: Desk, now: Config): Promise<Partial<Config>> {
  const prompt = openPrompt(desk);
  const name = await prompt.line('Name of this computer, as the phone shows it', now.name);
  const roots = await askRoots(desk, prompt, now.roots);
  const model = await askModel(desk, prompt, now.model);
  const remotePower = await prompt.yes(
    '\nMay your phones switch when the agent ends (lid, idle time)?',
    now.remotePower,
  );
  prompt.close();
  return { name, roots, model, remotePower };
}

/** Asks what the owner may want otherwise; `--yes` takes the proposals. */
export const setup: Command = async (desk, args) => {
  const { values } = parseArgs({ args: [...args], options: { yes: { type: 'boolean', default: false } } });
  const now = await openConfig(desk);
  const answers = values.yes
    ? { model: now.model.kind === 'offline' ? await detectModel(desk) : now.model }
    : await interview(desk, now);
  const config = changeConfig(desk, answers);
  const timers = await readSleepTimers({ platform: desk.platform, run: runCommand });
  desk.say(['', ...explainSleepTimers(timers)].join('\n'));
  desk.say(`\n${config.name} is set up. Folders: ${config.roots.join(', ')}. Model: ${modelWords(config.model)}.`);
  const agent = await findAgent(desk);
  await agent?.call({ do: 'reload' });
  agent?.close();
  if (agent === undefined)
    desk.say(`Start it with \`npx bun run start\`. The configuration is ${join(desk.data, 'config.json')}.`);
  return 0;
};
