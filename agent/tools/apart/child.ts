import { argv, memoryUsage, stdin, stdout } from 'node:process';
import { Worker } from 'node:worker_threads';
import { csvReading } from '../csv-reading.ts';
import { makeDocx } from '../docx-bytes.ts';
import { docxReading } from '../docx-text.ts';
import { pdfReading } from '../pdf-pages.ts';
import { ToolError } from '../result.ts';
import type { Answer, Job } from './job.ts';
import { ordersIn } from './orders.ts';

// A program of its own: jobs on its input, one line of output for each. Its argument is the memory it may use, in bytes.

/** Of its memory, what a program that does another job may still hold of the ones before. */
const REUSABLE = 1 / 3;

const maxBytes = Number(argv[2]);

async function work(job: Job, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  switch (job.do) {
    case 'read-pdf':
      return pdfReading(bytes, job);
    case 'read-docx':
      return docxReading(bytes, job);
    case 'read-csv':
      return csvReading(bytes, job);
    case 'make-docx':
      return (await makeDocx(new TextDecoder().decode(bytes))).toBase64();
  }
}

async function answer(job: Job, bytes: Uint8Array<ArrayBuffer>): Promise<Answer> {
  try {
    const text = await work(job, bytes);
    return { is: 'done', text, reusable: memoryUsage.rss() < maxBytes * REUSABLE };
  } catch (error) {
    if (error instanceof ToolError) return { is: 'failed', why: error.message };
    const reason = error instanceof Error ? error.message : 'unknown reason';
    return { is: 'failed', why: stumbled(job, reason) };
  }
}

const stumbled = (job: Job, reason: string): string =>
  job.do === 'make-docx'
    ? `No document could be made of the text for ${job.path} (${reason}). Write a simpler text.`
    : `${job.path} could not be read (${reason}). It may be damaged; the owner has to save it again.`;

const watch = new Worker(new URL('watch.ts', import.meta.url), { workerData: { maxBytes } });
await new Promise((resolve) => watch.once('message', resolve));
for await (const { job, bytes } of ordersIn(stdin)) stdout.write(`${JSON.stringify(await answer(job, bytes))}\n`);
await watch.terminate();
