import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { toBytes } from '../../../edge/protocol/bytes.ts';
import { answerSchema, type Answer, type Job, type Material } from './job.ts';

export type End = Answer | { readonly is: 'no answer'; readonly how: string };

/** The program that opens documents. Does one job at a time. */
export interface Program {
  /** Resolves with its answer or how it ended. Rejects when the material does. */
  work(job: Job, material: Material): Promise<End>;
  readonly alive: () => boolean;
  end(): void;
}

const CHILD = join(import.meta.dirname, 'child.ts');

export function startProgram(options: {
  bun: string;
  env: Readonly<Record<string, string>>;
  maxBytes: number;
}): Program {
  const child = spawn(options.bun, ['--no-env-file', '--no-install', CHILD, String(options.maxBytes)], {
    cwd: import.meta.dirname,
    env: { ...options.env },
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let over: End | undefined;
  let hear: (end: End) => void = () => undefined;
  const end = (how: End): void => {
    over ??= how;
    hear(over);
  };
  child.on('error', (error) => end({ is: 'no answer', how: error.message }));
  // The system, too, ends in this way what uses up its memory.
  child.on('close', (code, signal) =>
    end(signal === 'SIGKILL' ? { is: 'too much memory' } : { is: 'no answer', how: `it ended with ${signal ?? code}` }),
  );
  // A program that ended is told by its end, not by the pipe to it.
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = answerIn(line);
    if (answer) hear(answer);
  });
  return {
    work: async (job, material) => {
      const answered = new Promise<End>((resolve) => (hear = resolve));
      if (over) return over;
      await feed(child.stdin, toBytes(`${JSON.stringify({ job, size: material.size })}\n`), answered);
      for await (const chunk of material.chunks) if ((await feed(child.stdin, chunk, answered)) === 'over') break;
      return answered;
    },
    alive: () => over === undefined,
    end: () => void child.kill('SIGKILL'),
  };
}

/** Nothing else is an answer: what a library prints, or half a line, because the program was ended while it wrote. */
function answerIn(line: string): Answer | undefined {
  try {
    return answerSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Resolves when there is room for more, or nobody reads any more. */
function feed(input: Writable, bytes: Uint8Array, answered: Promise<unknown>): Promise<'room' | 'over'> | 'room' {
  if (input.write(bytes)) return 'room';
  const room = new Promise<'room'>((resolve) => input.once('drain', () => resolve('room')));
  return Promise.race([room, answered.then(() => 'over' as const)]);
}
