import process from 'node:process';
import { createRelay } from './relay/create-relay.ts';

declare const EdgeRuntime: { waitUntil(work: Promise<void>): void } | undefined;

const relay = createRelay(process.env, {
  // Written by the network in front of the platform; what a caller puts into x-forwarded-for stays in front of it.
  clientIp: ({ headers }) =>
    headers.get('cf-connecting-ip') ?? headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? 'unknown',
  // A hosted function may end with its response.
  waitUntil: (work) => (typeof EdgeRuntime === 'undefined' ? undefined : EdgeRuntime.waitUntil(work)),
  log: (entry) => void process.stdout.write(`${JSON.stringify(entry)}\n`),
});

export default { fetch: (request: Request): Promise<Response> => relay.fetch(request) };
