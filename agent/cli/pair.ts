import { renderUnicodeCompact } from 'uqr';
import { ask, requireAgent } from './agent-process.ts';
import { attend } from './attend.ts';
import { type Command, type Desk, takesNoArguments } from './command.ts';
import { isLoopback } from '../link/addresses.ts';
import { loadConfig } from './desk-config.ts';

/** A scanned loopback address would be the phone's own: then only the link is shown. */
function show(desk: Desk, { code, link }: { code: string; link: string }): void {
  desk.say(`Code  ${code}\nLink  ${link}\n`);
  if (!isLoopback(link)) return desk.say(renderUnicodeCompact(link));
  desk.say(
    'This link works on this computer only, so there is no code to scan. `errand phone` makes it reachable from a phone.',
  );
}

/** Shows an offer and stays until a phone was allowed. */
export const pair: Command = async (desk, args) => {
  takesNoArguments(args);
  const agent = await requireAgent(desk);
  const offer = await ask(agent, { do: 'pair' }, 'offer');
  show(desk, offer);
  desk.say('Waiting for the phone. Ctrl-C ends waiting.');
  const paired = new Promise<void>((resolve) => agent.onNotice((notice) => notice.say === 'paired' && resolve()));
  const { remotePower } = loadConfig(desk);
  const interrupted = Promise.race([desk.interrupted, paired]);
  const how = await attend({ agent, desk: { ...desk, interrupted }, mayPower: remotePower, shownLink: offer.link });
  if (how === 'interrupted') await agent.call({ do: 'unpair' });
  agent.close();
  return 0;
};
