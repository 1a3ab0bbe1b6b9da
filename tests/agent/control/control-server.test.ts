import { afterEach, beforeEach, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectControl } from '../../../agent/control/control-client.ts';
import { serveControl } from '../../../agent/control/control-server.ts';

let data: string;
beforeEach(() => void (data = mkdtempSync(join(tmpdir(), 'errand-control-'))));
afterEach(() => rmSync(data, { recursive: true, force: true }));

const serve = (address: string) => serveControl({ address, platform: 'linux', handle: async () => ({ is: 'done' }) });
const modeOf = (file: string) => statSync(file).mode & 0o777;

test('there is no moment at which the socket can be found and is not the owner’s alone', async () => {
  const address = join(data, 'control.sock');
  const starting = serve(address);
  expect(existsSync(address) ? modeOf(address) : 0o600).toBe(0o600);
  const server = await starting;
  expect(modeOf(address)).toBe(0o600);
  await server.close();
});

test('a socket that a killed supervisor left is replaced, and the last one leaves nothing', async () => {
  const address = join(data, 'control.sock');
  await serve(address);
  const second = await serve(address);
  const client = await connectControl(address);
  expect(await client?.call({ do: 'reload' })).toEqual({ is: 'done' });
  client?.close();
  await second.close();
  expect(readdirSync(data)).toEqual([]);
});
