import { ask, requireAgent } from './agent-process.ts';
import { type Command, takesNoArguments } from './command.ts';

export const stop: Command = async (desk, args) => {
  takesNoArguments(args);
  const agent = await requireAgent(desk);
  await ask(agent, { do: 'stop' }, 'done');
  agent.close();
  desk.say('Stopped. Errands wait; `errand up` starts it again.');
  return 0;
};
