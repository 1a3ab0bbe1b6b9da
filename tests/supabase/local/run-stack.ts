import { argv } from 'node:process';
import { startStack } from '../../../supabase/local/stack.ts';

/** A stack in a process of its own: `run-stack.ts <data folder> <migrations folder>`. Prints its keys when it is ready. */
const [, , dataDir = '', migrationsDir = ''] = argv;
const stack = await startStack({ dataDir, migrationsDir, port: 0, functions: () => ({}) });
const { url, publishableKey, secretKey } = stack;
console.log(JSON.stringify({ url, publishableKey, secretKey }));
