import * as z from 'zod/mini';
import { failed, safely, told, ToolError } from './result.ts';
import type { CommandEnd, Tool } from './tool.ts';

const inputSchema = z.strictObject({
  name: z
    .string()
    .check(z.minLength(1), z.maxLength(64), z.describe('The name it was registered under at the desktop')),
});

const ending = (end: CommandEnd): string => {
  if (end.ended === 'exit') return end.code === 0 ? 'ended well' : `ended with code ${end.code}`;
  return end.ended === 'killed' ? 'was stopped' : 'could not be started';
};

export const runScript: Tool<z.infer<typeof inputSchema>> = {
  name: 'run_script',
  description:
    'Runs a script that the owner registered at the desktop, exactly as registered, and answers the end of its output.',
  class: 'once',
  input: inputSchema,
  title: ({ name }) => `Run the script ${name}`,
  intents: ({ name }) => Promise.resolve([{ sink: 'script', name }]),
  run: (_, opened, { signal, run }) =>
    safely(opened, signal, async () => {
      const [script] = opened;
      if (script?.sink !== 'script') throw new ToolError('No script was opened.');
      const end = await run({ argv: script.argv, cwd: script.cwd, signal });
      const content = `The script ${script.name} ${ending(end)}. Its output ends:\n${end.tail}`;
      const well = end.ended === 'exit' && end.code === 0;
      return well ? told(content, script.taint) : failed(content, script.taint);
    }),
};
