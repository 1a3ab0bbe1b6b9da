import type { Config } from '../config.ts';
import { ask } from './agent-process.ts';
import type { Desk } from './command.ts';
import { isLoopback } from '../link/addresses.ts';
import type { KeptAgent } from './kept-agent.ts';
import { modelWords } from './models.ts';

type Greeting = { desk: Desk; config: Config; agent: KeptAgent };

function phoneWords(app: string): string {
  return isLoopback(app)
    ? 'a real phone cannot reach this address yet: `errand phone` sets that up'
    : '`errand pair` shows a code to scan';
}

/** The first words of `start`. Answers the first-start link, when one is shown. */
export async function greet({ desk, config, agent }: Greeting): Promise<string | undefined> {
  // Whoever starts Errand wants it to work, also after `errand stop`.
  await ask(agent.client, { do: 'up' }, 'done');
  const app = config.app ?? '';
  desk.say(
    [
      '',
      `Errand runs on ${config.name}.`,
      '',
      `  App    ${app}`,
      `  Model  ${modelWords(config.model)}`,
      `  Phone  ${phoneWords(app)}`,
    ].join('\n'),
  );
  const link = await firstLink({ desk, agent });
  desk.say(`\n${agent.mine ? 'Ctrl-C ends Errand.' : 'It ran already; Ctrl-C leaves it running.'}`);
  return link;
}

/** Sign-up and pairing in one link, while no phone is paired. */
export async function firstLink({ desk, agent }: Omit<Greeting, 'config'>): Promise<string | undefined> {
  const { client } = agent;
  const devices = await client.call({ do: 'devices' });
  if (devices.is === 'error') desk.say(`\n${devices.message}`);
  if (devices.is !== 'devices' || devices.devices.length > 0) return undefined;
  const offer = await client.call({ do: 'pair' });
  if (offer.is === 'error') desk.say(`\n${offer.message}`);
  if (offer.is !== 'offer') return undefined;
  desk.say(`\nFirst start: open this link, sign up there, and allow the phone here with one key.\n\n  ${offer.link}`);
  return offer.link;
}
