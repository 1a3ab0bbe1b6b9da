import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { grantsInWords } from '../edge/protocol/words.ts';
import { RelayError } from '../edge/mailbox/relay-client.ts';
import { PhoneFault } from './link/fault.ts';
import type { Phone } from './state/phone.ts';
import type { PhoneView, ResultView, TaskView } from './state/view.ts';
import { bunPhone } from './terminal/bun-phone.ts';
import { enter, type Questions } from './terminal/enter.ts';
import { untilView } from './terminal/until.ts';
import { timeWords } from './ui/format.ts';
import { en } from './words/en.ts';

/* `errand send "…"`: a terminal as a phone. It signs in, pairs and sends as the app does, with the same code. */

const USAGE = 'It goes like this: errand send "what to do" [--to DESKTOP] [--name NAME] [--relay URL] [--no-wait]';

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        relay: { type: 'string' },
        name: { type: 'string', default: 'Terminal' },
        to: { type: 'string' },
        'no-wait': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(1);
  }
}

const { values, positionals } = readArguments();

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
  const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  return {
    say: (text) => console.log(text),
    ask: async (question, { secret = false } = {}) => {
      // The question is the prompt: what stands before a prompt is erased with it. It is written at once, so silence begins after it.
      const answer = lines.question(question);
      silent = secret;
      const typed = await Promise.race([answer, closed]);
      if (secret) process.stdout.write('\n');
      silent = false;
      if (typed === undefined) throw new Error('Nobody answered, so nothing was sent.');
      return typed.trim();
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
  for (const grant of grants) if (grant.do !== 'script') console.log(`  may ${grant.do} ${grant.path}`);
  return phone.errands.send({ desktop: desktop.device.kid, text, grants });
}

/** Prints what happens to a task until it ends, and keeps its files here. Resolves with the exit code. */
async function follow(phone: Phone, id: string): Promise<number> {
  let said = '';
  const { standing, result } = await untilView(phone, (view) => {
    const found = view.threads.flatMap((thread) => thread.tasks).find((each) => each.id === id);
    if (!found) return undefined;
    const now = lineOf(found, nameOf(view, found));
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
    const file = freeName(join(process.cwd(), basename(parcel.name)));
    writeFileSync(file, await phone.errands.unpack(parcel), { flag: 'wx' });
    console.log(`Saved as ${file}`);
  }
}

/** What lies here already is never written over. */
function freeName(file: string): string {
  const ending = extname(file);
  const stem = file.slice(0, file.length - ending.length);
  for (let n = 1; ; n++) {
    const name = n === 1 ? file : `${stem} (${n})${ending}`;
    if (!existsSync(name)) return name;
  }
}

const nameOf = ({ desktops }: PhoneView, { desktop }: TaskView): string =>
  desktops.find(({ device }) => device.kid === desktop)?.device.name ?? en.devices.desktop;

function lineOf({ standing, steps }: TaskView, desktop: string): string {
  const words = en.standing(standing, desktop, (at) => timeWords(at, Date.now()));
  if (standing.is === 'ended') return standing.why === undefined ? words : `${words}: ${standing.why}`;
  if (standing.is === 'unsent') return `${words}: ${en.unsent(standing.why)}`;
  const step = standing.is === 'running' ? steps.at(-1)?.title : undefined;
  return step === undefined ? words : `  ${step}`;
}

/** What went wrong, in the words of the app. */
function faultWords(error: unknown): string {
  if (error instanceof PhoneFault || error instanceof RelayError) return en.faults(error.code);
  return error instanceof Error ? error.message : String(error);
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
    console.error(USAGE);
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
    console.error(faultWords(error));
    return 1;
  } finally {
    questions.close();
    await phone.stop();
  }
}

process.exit(await main());
