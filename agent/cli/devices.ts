import type { ControlClient } from '../control/control-client.ts';
import type { Reply } from '../control/messages.ts';
import { ask, requireAgent } from './agent-process.ts';
import { type Command, DeskError } from './command.ts';
import { keysAnew } from './keys-anew.ts';

type Phones = Extract<Reply, { is: 'devices' }>['devices'];

function phoneWords({ name, kid, mayPower, mayHistory, pairedAt, lastHeard }: Phones[number]): string {
  const heard = lastHeard === null ? 'never heard' : `last heard ${new Date(lastHeard).toLocaleString()}`;
  const power = mayPower ? 'may set the power switches' : 'may not set the power switches';
  const older = mayHistory ? 'reads older errands' : 'reads no older errands';
  return `${name} (${kid.slice(0, 8)}): paired ${new Date(pairedAt).toLocaleDateString()}, ${heard}, ${power}, ${older}`;
}

async function drop(agent: ControlClient, phones: Phones, name: string): Promise<string> {
  const [phone, ...others] = phones.filter((one) => one.name === name || one.kid.startsWith(name));
  if (phone === undefined || name === '')
    throw new DeskError(`There is no phone "${name}". \`errand devices\` lists them.`);
  if (others.length > 0)
    throw new DeskError(`Several phones are called "${name}". Say the beginning of the key shown in brackets.`);
  await ask(agent, { do: 'drop', kid: phone.kid }, 'done');
  return `${phone.name} may no longer control this computer. It is told so, and what it had queued is cancelled.`;
}

/** `drop` is what phones call it. */
const REVOKES: ReadonlySet<string> = new Set(['revoke', 'drop']);

/** `devices` lists the phones that may control this computer; `devices revoke NAME` takes one off; `devices anew` is for lost keys. */
export const devices: Command = async (desk, [act, ...rest]) => {
  if (act === 'anew' && rest.length === 0) {
    desk.say(await keysAnew(desk));
    return 0;
  }
  if (act !== undefined && !REVOKES.has(act))
    throw new DeskError(
      `"${act}" is not known here. It is: errand devices, errand devices revoke NAME, or errand devices anew.`,
    );
  const agent = await requireAgent(desk);
  const { devices: phones } = await ask(agent, { do: 'devices' }, 'devices');
  if (act !== undefined) desk.say(await drop(agent, phones, rest.join(' ')));
  else if (phones.length === 0) desk.say('No phone may control this computer. `errand pair` allows one.');
  else desk.say(phones.map(phoneWords).join('\n'));
  agent.close();
  return 0;
};
