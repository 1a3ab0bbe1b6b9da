import { sessionRequestSchema } from '../protocol/http.ts';
import { newId } from '../protocol/id.ts';
import { readJson } from './body.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';
import { Refusal } from './errors.ts';
import { bucket } from './limits.ts';
import { claimed, proved } from './proofs.ts';

/** A desktop without a session asks for a number, and proves with it that it holds its key. */
export function openSession(deps: RelayDeps): RelayHandler {
  return async (c) => {
    const request = await readJson(c, sessionRequestSchema);
    if ('proof' in request) return c.json({ tokenHash: await tokenHash(deps, request.proof) });
    const nonce = newId();
    await deps.store.giveNonce(request.kid, nonce, [bucket(`sessions:${request.kid}`, deps.limits.sessions)]);
    return c.json({ nonce });
  };
}

async function tokenHash({ store, machines, now }: RelayDeps, text: string): Promise<string> {
  const device = await store.device(claimed(text, 'session').kid);
  if (!device?.machineEmail || !device.machineUser) throw new Refusal('device.unknown');
  const { kid, nonce } = await proved(text, { use: 'session', key: device.sig, now: now() });
  if (kid !== device.kid || !(await store.spendNonce(kid, nonce))) throw new Refusal('device.proof');
  return machines.tokenHash(device.machineEmail);
}
