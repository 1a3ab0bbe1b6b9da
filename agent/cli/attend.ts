import type { ControlClient } from '../control/control-client.ts';
import type { Notice } from '../control/messages.ts';
import type { Desk } from './command.ts';
import { noticeWords } from './notice-words.ts';
import { Questions } from './questions.ts';

export type Attending = {
  agent: ControlClient;
  desk: Pick<Desk, 'input' | 'say' | 'interrupted'>;
  mayPower: boolean;
  /** the pairing link on the screen, so that only a new one is printed */
  shownLink?: string | undefined;
  /** other notices are not for this terminal */
  only?: (notice: Notice) => boolean;
  /** what is to be done as soon as nothing can be missed any more */
  begin?: () => Promise<void>;
};

/** Raw terminals send Ctrl-C and Ctrl-D as characters. */
const ENDS = new Set(['\u0003', '\u0004']);

/** Prints notices and takes single keys (or characters from a pipe), until Ctrl-C or until the agent is gone. */
export async function attend({
  agent,
  desk,
  mayPower,
  shownLink,
  only,
  begin,
}: Attending): Promise<'interrupted' | 'gone'> {
  const { input } = desk;
  const questions = new Questions({ mayPower });
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let link = shownLink;

  const put = async () => {
    const words = await questions.words();
    if (words !== undefined) desk.say(`\n${words}`);
  };
  const hear = (notice: Notice) => {
    if (only?.(notice) === false) return;
    const words = noticeWords(notice);
    if (words !== undefined) desk.say(words);
    if (notice.say === 'offer' && notice.link !== link) {
      link = notice.link;
      desk.say(`\nThe link was renewed:\n  ${link}`);
    }
    if (questions.hear(notice)) void put();
  };
  // Which notices are for this terminal may be known only once it began.
  let held: Notice[] | undefined = [];
  agent.onNotice((notice) => void (held === undefined ? hear(notice) : held.push(notice)));

  const press = async (key: string) => {
    if (ENDS.has(key)) return stop();
    const { request, say } = questions.press(key.toLowerCase());
    if (say !== undefined) desk.say(say);
    if (request === undefined) return;
    const reply = await agent.call(request);
    if (reply.is === 'error') desk.say(reply.message);
    await put();
  };
  const read = (chunk: Buffer) => {
    for (const key of chunk.toString()) void press(key);
  };
  if (input.isTTY === true) input.setRawMode?.(true);
  input.on('data', read);
  try {
    await agent.call({ do: 'attach' });
    await begin?.();
    for (const notice of held) hear(notice);
    held = undefined;
    return await Promise.race([
      Promise.race([desk.interrupted, stopped]).then((): 'interrupted' => 'interrupted'),
      agent.closed.then((): 'gone' => 'gone'),
    ]);
  } finally {
    input.off('data', read);
    input.pause();
    if (input.isTTY === true) input.setRawMode?.(false);
  }
}
