import { findAgent } from './agent-process.ts';
import { type Command, takesNoArguments } from './command.ts';
import { endStack, findStack } from './own-stack.ts';

/** Ends worker, supervisor and stack, whoever started them. */
export const quit: Command = async (desk, args) => {
  takesNoArguments(args);
  const agent = await findAgent(desk);
  const stack = findStack(desk);
  if (agent === undefined && stack === undefined) {
    desk.say('Errand does not run.');
    return 0;
  }
  await agent?.call({ do: 'quit' });
  await agent?.closed;
  await endStack(desk);
  desk.say('Errand was ended.');
  return 0;
};
