import { parseArgs } from 'node:util';
import type { Config } from '../config.ts';
import { attend } from './attend.ts';
import type { Command, Desk } from './command.ts';
import { changeConfig, joinOwnStack, openConfig, usesOwnStack } from './desk-config.ts';
import { copySamples } from './folders.ts';
import { firstLink, greet } from './greeting.ts';
import { type KeptAgent, keepAgent } from './kept-agent.ts';
import { type KeptStack, keepStack } from './kept-stack.ts';
import { buildPhoneApp } from './phone-app.ts';
import { readRelay, relayOptions } from './relay-option.ts';

/** Relay, app and agent together, until Ctrl-C. What runs already is joined, and stays when this command ends. */
export const start: Command = async (desk, args) => {
  const { values } = parseArgs({ args: [...args], options: { ...relayOptions, port: { type: 'string' } } });
  copySamples(desk);
  const opened = await openConfig(desk);
  const elsewhere = await readRelay(desk, values);
  const config = elsewhere === undefined ? opened : changeConfig(desk, elsewhere);
  const stack = await ownStack(desk, config, values.port);
  // Before the agent: its worker reads there where to call.
  const joined = stack === undefined ? config : joinOwnStack(desk, stack);
  const agent = await keepAgent(desk).catch(async (error: unknown) => {
    await stack?.end();
    throw error;
  });
  // A slow start may be broken off, too.
  const shownLink = await Promise.race([
    greet({ desk, config: joined, agent }),
    desk.interrupted.then(() => undefined),
  ]);
  const last = await stay({ desk, config: joined, agent, shownLink });
  await last.end();
  await stack?.end();
  if (!last.mine) desk.say('Errand keeps running. `errand quit` ends it.');
  return 0;
};

async function ownStack(desk: Desk, config: Config, port: string | undefined): Promise<KeptStack | undefined> {
  if (!usesOwnStack(desk, config)) return undefined;
  await buildPhoneApp(desk);
  return keepStack(desk, { port, say: desk.say });
}

type Staying = { desk: Desk; config: Config; agent: KeptAgent; shownLink: string | undefined };

/** Settles with the agent as it is at the end. */
async function stay({ desk, config, agent, shownLink }: Staying): Promise<KeptAgent> {
  const how = await attend({ agent: agent.client, desk, mayPower: config.remotePower, shownLink });
  if (how === 'interrupted') return agent;
  const next = await agent.again();
  if (next === undefined) {
    desk.say('Errand was ended elsewhere.');
    return agent;
  }
  desk.say('The agent ended unexpectedly and is started again.');
  return stay({ desk, config, agent: next, shownLink: await firstLink({ desk, agent: next }) });
}
