import { ToolError } from '../result.ts';
import type { Apart, Job } from './job.ts';
import { startProgram, type End, type Program } from './program.ts';

interface Limits {
  readonly ms: number;
  /** Of the whole program, which takes some 100 MB before it has read anything. */
  readonly bytes: number;
}

const LIMITS: Limits = { ms: 60_000, bytes: 700_000_000 };
/** A program without a job is kept for the next one: to start one takes half a second. */
const KEEP_MS = 10_000;

/** Programs under this Bun, with this environment and nothing else of the agent's own. */
export function spawnApart({
  bun,
  env,
  limits = LIMITS,
}: {
  bun: string;
  env: Readonly<Record<string, string>>;
  limits?: Limits;
}): Apart {
  let spare: Program | undefined;

  function take(): Program {
    const taken = spare;
    spare = undefined;
    return taken?.alive() === true ? taken : startProgram({ bun, env, maxBytes: limits.bytes });
  }
  function keep(program: Program): void {
    spare?.end();
    spare = program;
    setTimeout(() => {
      if (spare === program) take().end();
    }, KEEP_MS).unref();
  }
  return async (job, material, signal) => {
    signal.throwIfAborted();
    const program = take();
    const cut = Promise.withResolvers<'too much time'>();
    const timer = setTimeout(() => cut.resolve('too much time'), limits.ms);
    const abort = (): void => cut.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    let reusable = false;
    try {
      const end = await Promise.race([program.work(job, material), cut.promise]);
      if (end === 'too much time') throw new ToolError(tooMuch(job, `${limits.ms / 1000} seconds`));
      const text = textOf(end, job, limits);
      reusable = end.is === 'done' && end.reusable;
      return text;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (reusable) keep(program);
      else program.end();
    }
  };
}

function textOf(end: End, job: Job, { bytes }: Limits): string {
  switch (end.is) {
    case 'done':
      return end.text;
    case 'failed':
      throw new ToolError(end.why);
    case 'too much memory':
      throw new ToolError(tooMuch(job, `${bytes / 1_000_000} MB of memory`));
    case 'no answer':
      throw new ToolError(`The program that opens documents failed at ${job.path}: ${end.how}. ${adviceFor(job)}`);
  }
}

const tooMuch = (job: Job, limit: string): string =>
  job.do === 'make-docx'
    ? `The text for ${job.path} is too large or too complicated to make a document of within ${limit}. ${adviceFor(job)}`
    : `${job.path} is too large or too complicated to read within ${limit}. ${adviceFor(job)}`;

function adviceFor(job: Job): string {
  switch (job.do) {
    case 'read-pdf':
      return 'Ask for fewer pages; if that fails too, the owner has to save a smaller or simpler copy.';
    case 'read-docx':
    case 'read-csv':
      return 'The owner has to save a smaller or simpler copy, or only the part that matters.';
    case 'make-docx':
      return 'Write a shorter or simpler text.';
  }
}
