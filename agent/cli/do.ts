import { parseArgs } from 'node:util';
import type { Grant } from '../../edge/protocol/grant.ts';
import { grantsInWords } from '../../edge/protocol/words.ts';
import { requireAgent } from './agent-process.ts';
import { type Command, DeskError } from './command.ts';
import { followTask } from './follow-task.ts';

function grantWords(grant: Grant): string {
  switch (grant.do) {
    case 'read':
      return `  may read ${grant.path}`;
    case 'write':
      return `  may write ${grant.path}${grant.replace ? ', replacing it' : ''}`;
    case 'script':
      return `  may run the script ${grant.name}`;
  }
}

/** An errand from the desk. The paths in its words are what it may read and write, as on the phone. */
export const doErrand: Command = async (desk, args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'no-wait': { type: 'boolean', default: false } },
  });
  const text = positionals.join(' ').trim();
  if (text === '')
    throw new DeskError('Say what to do: errand do "Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx"');
  const agent = await requireAgent(desk);
  const grants = grantsInWords(text);
  for (const grant of grants) desk.say(grantWords(grant));
  return followTask({ desk, agent, request: { do: 'task', text, grants, thread: null }, wait: !values['no-wait'] });
};
