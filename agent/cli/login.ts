import { ask, requireAgent } from './agent-process.ts';
import { type Command, takesNoArguments } from './command.ts';
import { openPrompt } from './prompt.ts';

/** Registers this computer with the owner's account. A phone may command it only after `errand pair` all the same. */
export const login: Command = async (desk, args) => {
  takesNoArguments(args);
  const agent = await requireAgent(desk);
  const prompt = openPrompt(desk);
  const email = await prompt.line('E-mail');
  const password = await prompt.secret('Password');
  const code = await prompt.line('Code of the authenticator app');
  prompt.close();
  await ask(agent, { do: 'login', email, password, code }, 'done');
  agent.close();
  desk.say('This computer belongs to your account now. `errand pair` allows a phone.');
  return 0;
};
