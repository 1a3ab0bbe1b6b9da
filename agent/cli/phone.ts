import * as z from 'zod/mini';
import { type CommandResult, type RunCommand, runCommand } from '../power/run-command.ts';
import { findAgent } from './agent-process.ts';
import { type Command, type Desk, DeskError, takesNoArguments } from './command.ts';
import { changeConfig, loadConfig, usesOwnStack } from './desk-config.ts';

const tailscaleSchema = z.object({
  BackendState: z.string(),
  Self: z.optional(z.object({ DNSName: z.string() })),
});

/** macOS installs the program inside the application, outside PATH. */
const PROGRAMS = ['tailscale', '/Applications/Tailscale.app/Contents/MacOS/Tailscale'];

async function findTailscale(run: RunCommand): Promise<{ program: string; status: string } | undefined> {
  for (const program of PROGRAMS) {
    const result = await run(program, ['status', '--json']);
    if (result.ok) return { program, status: result.stdout };
  }
  return undefined;
}

function serveProblem(result: Extract<CommandResult, { ok: false }>): DeskError {
  return new DeskError(
    `Tailscale could not serve the app: ${result.why}\nHTTPS certificates must be switched on once, in Tailscale's admin console under DNS.`,
  );
}

/** The address under which phones of the same tailnet reach this computer. Throws a {@link DeskError} that says why there is none. */
export async function serveByTailscale(port: string, run: RunCommand): Promise<string> {
  const found = await findTailscale(run);
  if (found === undefined) {
    throw new DeskError(
      'A phone cannot reach this computer: it needs HTTPS, and Tailscale (https://tailscale.com, free) is not installed or not running here.',
    );
  }
  const { BackendState, Self } = tailscaleSchema.parse(JSON.parse(found.status));
  const host = Self?.DNSName.replace(/\.$/, '');
  if (BackendState !== 'Running' || !host)
    throw new DeskError(
      `A phone cannot reach this computer: Tailscale is "${BackendState}". Sign in with \`tailscale up\`.`,
    );
  const served = await run(found.program, ['serve', '--bg', port]);
  if (!served.ok) throw serveProblem(served);
  return `https://${host}`;
}

async function tellAgent(desk: Desk): Promise<void> {
  const agent = await findAgent(desk);
  await agent?.call({ do: 'reload' });
  agent?.close();
}

/** Makes the app reachable from a real phone. */
export const phone: Command = async (desk, args) => {
  takesNoArguments(args);
  const config = loadConfig(desk);
  if (!usesOwnStack(desk, config)) {
    desk.say(`Your relay runs elsewhere: open ${config.app ?? config.relay?.url ?? ''} on the phone.`);
    return 0;
  }
  if (config.relay === null) throw new DeskError('Start Errand once first: npx bun run start');
  const app = await serveByTailscale(new URL(config.relay.url).port, runCommand);
  changeConfig(desk, { app });
  await tellAgent(desk);
  desk.say(
    `The app is at ${app} for every device of your tailnet. Install Tailscale on the phone, then scan the code of \`errand pair\`.`,
  );
  return 0;
};
