import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type Config, ConfigProblem, hasConfig, readConfig, writeConfig } from '../config.ts';
import { isLoopback } from '../link/addresses.ts';
import { type Desk, DeskError } from './command.ts';
import { proposedRoots } from './folders.ts';
import { detectModel, modelInEnvironment } from './models.ts';

const NAME_LENGTH = 64;

const stackKeysSchema = z.object({ publishable: z.string() });

/** The owner's configuration; at the first start one that needs no answers. */
export async function openConfig(desk: Desk): Promise<Config> {
  if (!hasConfig(desk.data)) {
    const fresh = await freshConfig(desk);
    writeConfig(desk.data, fresh);
    return fresh;
  }
  const config = loadConfig(desk);
  // A key given for this start connects a model that was not there before; a chosen one stays.
  const asked = config.model.kind === 'offline' ? await modelInEnvironment(desk) : undefined;
  return asked === undefined ? config : changeConfig(desk, { model: asked });
}

/** Without an agent ever started there is none. */
export function loadConfig({ data }: Pick<Desk, 'data'>): Config {
  try {
    return readConfig(data);
  } catch (error) {
    throw error instanceof ConfigProblem ? new DeskError(error.message) : error;
  }
}

export function changeConfig(desk: Pick<Desk, 'data'>, some: Partial<Config>): Config {
  const config = { ...loadConfig(desk), ...some };
  writeConfig(desk.data, config);
  return config;
}

async function freshConfig(desk: Desk): Promise<Config> {
  return {
    name: desk.hostname.slice(0, NAME_LENGTH) || 'Desktop',
    relay: null,
    app: null,
    roots: proposedRoots(desk),
    sensitive: [],
    model: await detectModel(desk),
    remotePower: true,
    scripts: [],
  };
}

/** Does this desktop use the stack in its own data folder? It is known by its publishable key: its port may change. */
export function usesOwnStack({ data }: Pick<Desk, 'data'>, { relay }: Config): boolean {
  if (relay === null) return true;
  const keys = join(data, 'stack', 'keys.json');
  if (!existsSync(keys)) return false;
  return stackKeysSchema.safeParse(JSON.parse(readFileSync(keys, 'utf8'))).data?.publishable === relay.publishableKey;
}

/** Notes where the own stack answers. An address that `errand phone` set up stays the app's. */
export function joinOwnStack(desk: Desk, { url, publishableKey }: { url: string; publishableKey: string }): Config {
  const { app } = loadConfig(desk);
  return changeConfig(desk, { relay: { url, publishableKey }, app: app === null || isLoopback(app) ? url : app });
}
