import { join } from 'node:path';
import { createRelay } from '../../edge/relay/create-relay.ts';
import { startStack } from '../../supabase/local/stack.ts';

/* The embedded stack as a process of its own: FOLDER PORT. Says one line once it answers. */

const [dataDir = '', port = '0'] = process.argv.slice(2);
/** As many at once as usual, and more of them a minute: a phone with 200 errands still has to wait. */
const ERRAND_LIMITS = JSON.stringify({ tasks: [30, 4], messages: [300, 3] });

const stack = await startStack({
  dataDir,
  port: Number(port),
  migrationsDir: join(import.meta.dirname, '../../supabase/migrations'),
  log: () => undefined,
  functions: ({ fetch, rpc, ...env }) => {
    const relay = createRelay({ ...env, ERRAND_LIMITS }, { fetch, rpc });
    return { relay: (request) => relay.fetch(request) };
  },
});
process.stdout.write(`${JSON.stringify({ url: stack.url, publishableKey: stack.publishableKey })}\n`);
process.on('SIGTERM', () => void stack.stop().then(() => process.exit(0)));
void stack.failed.then(() => process.exit(1));
