import { createInterface } from 'node:readline/promises';
import { type Desk, DeskError } from './command.ts';

export type Prompt = {
  /** the answer, trimmed; `otherwise` when it is empty or the input has ended */
  line: (question: string, otherwise?: string) => Promise<string>;
  /** typed without being shown, on a terminal */
  secret: (question: string) => Promise<string>;
  /** `y`/`n`; Enter takes `otherwise` */
  yes: (question: string, otherwise: boolean) => Promise<boolean>;
  close: () => void;
};

/** A raw terminal sends the erase key as a character. */
function withoutErased(typed: string): string {
  return Array.from(typed).reduce(
    (kept, key) => (key === '\u007F' || key === '\b' ? kept.slice(0, -1) : kept + key),
    '',
  );
}

const broken = (): never => {
  throw new DeskError('Nothing was changed.');
};

/** Questions and answers in lines, from a terminal or a pipe. */
export function openPrompt({ input, say, interrupted }: Pick<Desk, 'input' | 'say' | 'interrupted'>): Prompt {
  const lines: AsyncIterator<string> = createInterface({ input })[Symbol.asyncIterator]();
  const line = async (question: string, otherwise = '') => {
    say(otherwise === '' ? question : `${question} [${otherwise}]`);
    const { value, done } = await Promise.race([lines.next(), interrupted.then(broken)]);
    return done === true || value.trim() === '' ? otherwise : value.trim();
  };
  return {
    line,
    async secret(question) {
      if (input.isTTY === true) input.setRawMode?.(true);
      const typed = await line(`${question} (it is not shown)`);
      if (input.isTTY === true) input.setRawMode?.(false);
      if (typed.includes('\u0003')) return broken();
      return withoutErased(typed);
    },
    async yes(question, otherwise) {
      for (;;) {
        const answer = (await line(`${question} ${otherwise ? '[Y/n]' : '[y/N]'}`)).toLowerCase();
        if (answer === '') return otherwise;
        if (/^(y(es)?|no?)$/.test(answer)) return answer.startsWith('y');
        say('Please answer y or n.');
      }
    },
    close: () => void lines.return?.(),
  };
}
