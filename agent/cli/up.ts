import { parseArgs } from 'node:util';
import { ask, findAgent, startAgent } from './agent-process.ts';
import type { Command, Desk } from './command.ts';
import { changeConfig, joinOwnStack, openConfig, usesOwnStack } from './desk-config.ts';
import { copySamples } from './folders.ts';
import { findStack, startStack } from './own-stack.ts';
import { buildPhoneApp } from './phone-app.ts';
import { readRelay, relayOptions } from './relay-option.ts';

/** Agent and, where it is this machine's, the stack in the background; ends `errand stop`. */
export const up: Command = async (desk, args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { ...relayOptions, stay: { type: 'boolean', default: false } },
  });
  copySamples(desk);
  const opened = await openConfig(desk);
  const elsewhere = await readRelay(desk, values);
  const config = elsewhere === undefined ? opened : changeConfig(desk, elsewhere);
  if (usesOwnStack(desk, config)) joinOwnStack(desk, await ownStack(desk));
  const running = await findAgent(desk);
  const agent = running ?? (await startAgent(desk)).client;
  await ask(agent, { do: 'up', stay: values.stay }, 'done');
  if (running !== undefined && elsewhere !== undefined) await ask(agent, { do: 'reload' }, 'done');
  agent.close();
  desk.say('Errand runs in the background. `errand pair` allows a phone, `errand quit` ends it.');
  return 0;
};

async function ownStack(desk: Desk) {
  const running = findStack(desk);
  if (running !== undefined) return running;
  await buildPhoneApp(desk);
  const { stack, child } = await startStack(desk, { say: desk.say });
  // It goes on without this terminal.
  child.stdout?.destroy();
  return stack;
}
