import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { deviceNameSchema } from '../edge/protocol/device.ts';
import { scriptSchema } from './policy/rules.ts';

/** `<data>/config.json`: what the owner chose at the desk. No secret is in it; the power switches live in the journal. */
export const configSchema = z.object({
  name: deviceNameSchema,
  /** The stack this desktop is reached through: its address and publishable key. */
  relay: z.nullable(z.object({ url: z.url(), publishableKey: z.string() })),
  /** Address of the phone app, as a phone reaches it. */
  app: z.nullable(z.url()),
  /** Folders tasks may read without a grant of their own. */
  roots: z.array(z.string()),
  /** Added to the list of what is never read. */
  sensitive: z._default(z.array(z.string()), []),
  model: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('anthropic'), name: z.string(), baseUrl: z.optional(z.url()) }),
    z.object({ kind: z.literal('offline') }),
  ]),
  /** Paired phones may set the power switches, unless one was paired without that. */
  remotePower: z._default(z.boolean(), true),
  scripts: z._default(z.array(scriptSchema), []),
});
export type Config = z.infer<typeof configSchema>;

export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
  readonly code = 'config.unreadable';
}

const fileOf = (folder: string): string => join(folder, 'config.json');

export const hasConfig = (folder: string): boolean => existsSync(fileOf(folder));

/** Throws {@link ConfigProblem} when the file is missing or not of this form. */
export function readConfig(folder: string): Config {
  try {
    return configSchema.parse(JSON.parse(readFileSync(fileOf(folder), 'utf8')));
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new ConfigProblem(
      `${fileOf(folder)} cannot be read: ${what}\nMend it, or delete it: \`errand setup\` makes a new one.`,
    );
  }
}

export function writeConfig(folder: string, config: Config): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${fileOf(folder)}.part`;
  writeFileSync(draft, `${JSON.stringify(configSchema.parse(config), null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, fileOf(folder));
}
