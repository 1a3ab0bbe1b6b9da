import type { ParseArgsOptionsConfig } from 'node:util';
import * as z from 'zod/mini';
import { configSchema } from '../../edge/protocol/http.ts';
import type { Config } from '../config.ts';
import { type Desk, DeskError } from './command.ts';

const urlSchema = z.url();

export const relayOptions = {
  relay: { type: 'string' },
  key: { type: 'string' },
  /** where the phone app is served, when it is not the relay's own address (hosted Supabase) */
  app: { type: 'string' },
} satisfies ParseArgsOptionsConfig;

/** `--relay URL --key KEY`: checked against the relay itself before anything is written. Undefined when none was given. */
export async function readRelay(
  { fetch }: Pick<Desk, 'fetch'>,
  { relay, key, app }: { relay?: string | undefined; key?: string | undefined; app?: string | undefined },
): Promise<Pick<Config, 'relay' | 'app'> | undefined> {
  if (relay === undefined) {
    if (key === undefined && app === undefined) return undefined;
    throw new DeskError('Say which relay as well: --relay URL --key KEY.');
  }
  const url = urlSchema.safeParse(relay).data?.replace(/\/$/, '');
  if (url === undefined) throw new DeskError(`"${relay}" is no address. It looks like https://relay.example.org.`);
  if (key === undefined)
    throw new DeskError(
      'Say the relay\'s publishable key as well: --key KEY. `errand relay` prints it, and so does Supabase under "API keys".',
    );
  const found = await ask(fetch, url, key);
  if (found.publishableKey !== key)
    throw new DeskError(`The relay at ${url} has another publishable key: ${found.publishableKey}`);
  return { relay: { url, publishableKey: key }, app: app ?? url };
}

async function ask(fetch: Desk['fetch'], url: string, key: string): Promise<z.infer<typeof configSchema>> {
  try {
    const response = await fetch(`${url}/functions/v1/relay/config`, {
      headers: { apikey: key },
      signal: AbortSignal.timeout(10_000),
    });
    return configSchema.parse(await response.json());
  } catch (error) {
    throw new DeskError(
      `No Errand relay answers at ${url} (${error instanceof Error ? error.message : String(error)}). Check the address and the key.`,
    );
  }
}
