import { expect, test } from 'bun:test';
import { serveByTailscale } from '../../../agent/cli/phone.ts';
import type { CommandResult, RunCommand } from '../../../agent/power/run-command.ts';

/** A tailscale that answers by its first argument, and notes what it was told. */
function tailscale(answers: Record<string, CommandResult>): { run: RunCommand; told: string[] } {
  const told: string[] = [];
  return {
    told,
    run: async (command, args) => {
      if (command !== 'tailscale') return { ok: false, why: `${command}: not found` };
      told.push(args.join(' '));
      return answers[args[0] ?? ''] ?? { ok: false, why: 'not found' };
    },
  };
}

const status = (state: string): CommandResult => ({
  ok: true,
  stdout: JSON.stringify({ BackendState: state, Self: { DNSName: 'studio-pc.tail1234.ts.net.' }, Peer: {} }),
});

test('the app is served over HTTPS under the name of this computer in the tailnet', async () => {
  const { run, told } = tailscale({ status: status('Running'), serve: { ok: true, stdout: '' } });
  expect(await serveByTailscale('4747', run)).toBe('https://studio-pc.tail1234.ts.net');
  expect(told.at(-1)).toBe('serve --bg 4747');
});

test('without Tailscale one line says why a phone cannot reach this computer', async () => {
  const { run } = tailscale({});
  const problem = await serveByTailscale('4747', run).catch((error: unknown) => error);
  expect(String(problem)).toContain('A phone cannot reach this computer');
  expect(String(problem)).not.toContain('\n');
});

test('a Tailscale that is signed out says how to sign in', async () => {
  const { run } = tailscale({ status: status('NeedsLogin') });
  await expect(serveByTailscale('4747', run)).rejects.toThrow(/tailscale up/);
});

test('a refusal to serve is told with its reason', async () => {
  const { run } = tailscale({ status: status('Running'), serve: { ok: false, why: 'HTTPS is not enabled' } });
  await expect(serveByTailscale('4747', run)).rejects.toThrow(/HTTPS is not enabled/);
});
