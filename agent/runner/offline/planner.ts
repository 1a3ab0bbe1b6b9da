import { type Brief, CANNOT, type Model } from '../model.ts';
import { nextOf, type Plan } from './plan.ts';
import { search } from './search.ts';
import { shorten } from './shorten.ts';
import { summarise } from './summarise.ts';
import { tabulate } from './tabulate.ts';
import { wishOf } from './wish.ts';

const HELP = `No AI model is set up on this desktop, so I work by plain rules. I can:
- summarise PDFs: "Summarise the PDFs in ~/Inbox into ~/Reports/summary.docx", and then "make it shorter"
- find files: "Find the PDFs about insurance in ~/Documents"
- make a table from CSV files: "Make a table from the CSV files in ~/Inbox into ~/Reports/table.docx"
- run scripts that were registered at the desk.
For everything else, set up a model with \`errand setup\` at the desktop.`;

/** Without a model: plain rules that make the same tool calls, through the same journal, gate and loop. Labelled as what it is. */
export const offlinePlanner: Model = {
  name: 'plain rules (no AI)',
  next: async ({ brief, messages }) => {
    const next = nextOf(planFor(brief), messages);
    return next.is === 'answer'
      ? { content: [{ type: 'text', text: next.answer.text }], stop_reason: next.answer.ok ? 'end_turn' : CANNOT }
      : {
          content: [{ type: 'tool_use', id: next.id, name: next.call.tool, input: next.call.input }],
          stop_reason: 'tool_use',
        };
  },
};

function planFor(brief: Brief): Plan {
  const wish = wishOf(brief);
  switch (wish.is) {
    case 'shorten':
      return shorten(brief);
    case 'summarise':
      return summarise(brief);
    case 'table':
      return tabulate(brief);
    case 'find':
      return search(brief, wish);
    case 'unclear':
      return explain();
  }
}

// oxlint-disable-next-line require-yield -- a plan without steps
function* explain(): Plan {
  return { ok: false, text: HELP };
}
