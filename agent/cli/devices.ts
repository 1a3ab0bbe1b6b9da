import { ask, requireAgent } from './agent-process.ts';
import { type Command, DeskError } from './command.ts';

/** `devices` lists the phones that may control this computer; `devices drop NAME` takes one off. */
export const devices: Command = async (desk, [act, ...rest]) => {
  const agent = await requireAgent(desk);
  const { devices: phones } = await ask(agent, { do: 'devices' }, 'devices');
  if (act === 'drop') {
    const name = rest.join(' ');
    const [phone, ...others] = phones.filter((one) => one.name === name || one.kid.startsWith(name));
    if (phone === undefined || name === '')
      throw new DeskError(`There is no phone "${name}". \`errand devices\` lists them.`);
    if (others.length > 0)
      throw new DeskError(`Several phones are called "${name}". Say the beginning of the key shown in brackets.`);
    await ask(agent, { do: 'drop', kid: phone.kid }, 'done');
    desk.say(`${phone.name} may no longer control this computer.`);
  } else if (phones.length === 0) {
    desk.say('No phone may control this computer. `errand pair` allows one.');
  } else {
    for (const { name, kid, mayPower, pairedAt, lastHeard } of phones) {
      const heard = lastHeard === null ? 'never heard' : `last heard ${new Date(lastHeard).toLocaleString()}`;
      const power = mayPower ? 'may set the power switches' : 'may not set the power switches';
      desk.say(`${name} (${kid.slice(0, 8)}): paired ${new Date(pairedAt).toLocaleDateString()}, ${heard}, ${power}`);
    }
  }
  agent.close();
  return 0;
};
