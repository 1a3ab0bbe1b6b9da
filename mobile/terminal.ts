import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { grantsInWords } from '../edge/protocol/words.ts';
import type { Phone } from './state/phone.ts';
import type { ResultView, TaskView } from './state/view.ts';
import { bunPhone } from './terminal/bun-phone.ts';
import { enter, type Questions } from './terminal/enter.ts';
import { untilView } from './terminal/until.ts';

/* `errand send "…"`: a terminal as a phone. It signs in, pairs and sends as the app does, with the same code. */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string' },
    relay: { type: 'string' },
    name: { type: 'string', default: 'Terminal' },
    to: { type: 'string' },
    'no-wait': { type: 'boolean', default: false },
  },
});

/** Questions on the terminal; a secret is typed without being shown. */
function questionsOn(input: typeof process.stdin): Questions & { close(): void } {
  let silent = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!silent) process.stdout.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input, output, terminal: input.isTTY });
  return {
    say: (text) => console.log(text),
    ask: async (question, { secret = false } = {}) => {
      process.stdout.write(question);
      silent = secret;
      const answer = await lines.question('');
      if (secret) process.stdout.write('\n');
      silent = false;
      return answer.trim();
    },
    close: () => lines.close(),
  };
}

async function sendTask(phone: Phone, text: string): Promise<string> {
  const { desktops } = phone.view();
  const desktop = values.to ? desktops.find(({ device }) => device.name === values.to) : desktops[0];
  if (!desktop)
    throw new Error(
      `No desktop "${values.to ?? ''}". Paired: ${desktops.map(({ device }) => device.name).join(', ')}.`,
    );
  const grants = grantsInWords(text);
  for (const grant of grants) if (grant.do !== 'script') console.log(`grants: ${grant.do} ${grant.path}`);
  return phone.errands.send({ desktop: desktop.device.kid, text, grants });
}

/** Prints what happens to a task until it ends, and keeps its files here. Resolves with the exit code. */
async function follow(phone: Phone, id: string): Promise<number> {
  let said = '';
  const { standing, result } = await untilView(phone, ({ threads }) => {
    const found = threads.flatMap((thread) => thread.tasks).find((each) => each.id === id);
    if (!found) return undefined;
    const now = lineOf(found);
    if (now !== said) console.log(now);
    said = now;
    return found.standing.is === 'ended' || found.standing.is === 'unsent' ? found : undefined;
  });
  if (result) await keep(phone, result);
  return standing.is === 'ended' && standing.fate === 'done' ? 0 : 1;
}

async function keep(phone: Phone, { text, files }: ResultView): Promise<void> {
  console.log(text);
  for (const parcel of files) {
    const file = join(process.cwd(), basename(parcel.name));
    writeFileSync(file, await phone.errands.unpack(parcel), { flag: 'wx' });
    console.log(`kept ${file}`);
  }
}

const because = (why: string | undefined): string => (why === undefined ? '' : `: ${why}`);

function lineOf({ standing, steps }: TaskView): string {
  if (standing.is === 'ended') return standing.fate + because(standing.why);
  if (standing.is === 'unsent') return `not sent: ${standing.why}`;
  return steps.at(-1)?.title ?? standing.is;
}

/** Resolves once the task left this terminal. */
async function sent(phone: Phone, id: string): Promise<number> {
  await untilView(phone, ({ threads }) => {
    const task = threads.flatMap(({ tasks }) => tasks).find((each) => each.id === id);
    return task && task.standing.is !== 'here' ? task : undefined;
  });
  console.log(id);
  return 0;
}

async function main(): Promise<number> {
  const [text] = positionals;
  if (!text || !values.data || !values.relay) {
    console.error('usage: errand send "what to do" [--to DESKTOP] [--name NAME] [--no-wait]');
    return 1;
  }
  const phone = bunPhone({ folder: values.data, relayUrl: values.relay, name: values.name });
  const questions = questionsOn(process.stdin);
  try {
    await phone.start();
    await enter(phone, questions);
    const id = await sendTask(phone, text);
    return values['no-wait'] ? await sent(phone, id) : await follow(phone, id);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    questions.close();
    await phone.stop();
  }
}

process.exit(await main());
