import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { type Command, DeskError } from './command.ts';
import { isLoopback } from '../link/addresses.ts';
import { keepStack } from './kept-stack.ts';
import { buildPhoneApp } from './phone-app.ts';

const options = {
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string' },
  /** the address under which desktops and phones reach it, when a proxy stands before it */
  url: { type: 'string' },
} satisfies ParseArgsOptionsConfig;

/** The stack alone, with relay and app, until it is told to end: for a machine that is always on. */
export const relay: Command = async (desk, args) => {
  const { values } = parseArgs({ args: [...args], options });
  await buildPhoneApp(desk);
  const stack = await keepStack(desk, { ...values, publicUrl: values.url, say: desk.say });
  if (!stack.mine)
    throw new DeskError(`A relay runs already on ${desk.data}, at ${stack.url}. \`errand quit\` ends it.`);
  desk.say(
    `The relay answers at ${stack.url}. On a desktop:\n\n  npx bun run errand up --relay ${stack.url} --key ${stack.publishableKey}\n`,
  );
  if (isLoopback(stack.url))
    desk.say('Only this machine reaches that address. Put an HTTPS proxy before it and say its address with --url.');
  await desk.interrupted;
  await stack.end();
  return 0;
};
