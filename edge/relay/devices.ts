import { thumbprint } from '../protocol/device.ts';
import { proofBodySchema, stopSchema } from '../protocol/http.ts';
import { thumbprintSchema } from '../protocol/id.ts';
import { readJson } from './body.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';
import { Refusal } from './errors.ts';
import { accountOf } from './guards.ts';
import { bucket } from './limits.ts';
import { withMachine } from './machine.ts';
import { claimed, proved, provedDesktop } from './proofs.ts';

/** Seconds since its last pull within which a device is here: twice the longest pause between two pulls. */
const HERE = 60;

/** A person signed in at a desktop: it becomes theirs, with an account of its own. */
export function registerDevice(deps: RelayDeps): RelayHandler {
  return async (c) => {
    const owner = c.get('owner');
    const { proof } = await readJson(c, proofBodySchema);
    const { device, session } = await provedDesktop(proof, deps.now());
    if (session !== owner.session) throw new Refusal('device.proof');
    await withMachine(deps, { kid: device.kid, owner: owner.user }, (machine) =>
      deps.store.register(owner.user, device, machine),
    );
    return c.json({ ok: true });
  };
}

/** From now on this session is that phone. */
export function bindDevice({ store, now }: RelayDeps): RelayHandler {
  return async (c) => {
    const owner = c.get('owner');
    const { proof } = await readJson(c, proofBodySchema);
    const device = await store.device(claimed(proof, 'bind').kid);
    if (!device) throw new Refusal('device.unknown');
    const { kid, session } = await proved(proof, { use: 'bind', key: device.sig, now: now() });
    if (session !== owner.session || kid !== device.kid) throw new Refusal('device.proof');
    await store.bind({ owner: owner.user, kid, session });
    return c.json({ ok: true });
  };
}

/** A desktop follows its encryption key with another. Nobody is told by the relay: phones believe the desktop's own word only. */
export function rotateKey({ store, now }: RelayDeps): RelayHandler {
  return async (c) => {
    const device = c.get('device');
    const { proof } = await readJson(c, proofBodySchema);
    const { kid, was, ek, enc } = await proved(proof, { use: 'rotate', key: device.sig, now: now() });
    if (kid !== device.kid || ek !== (await thumbprint(enc))) throw new Refusal('device.proof');
    await store.rotate({ kid, was, ek, enc });
    return c.json({ ok: true });
  };
}

export function listDevices(deps: RelayDeps): RelayHandler {
  const account = accountOf(deps);
  return async (c) => {
    const devices = await deps.store.devices(await account(c), HERE);
    return c.json({ devices, now: deps.now() });
  };
}

/** The row first: it is what every other check asks for. The account that is left cannot do anything without it. */
export function revokeDevice({ store, machines, log }: RelayDeps): RelayHandler {
  return async (c) => {
    const kid = thumbprintSchema.safeParse(c.req.param('kid'));
    if (!kid.success) throw new Refusal('device.unknown');
    const machine = await store.revoke(c.get('owner').user, kid.data);
    if (machine !== null) {
      await machines.remove(machine).catch(() => log({ event: 'relay.machine-left' }));
    }
    return c.json({ ok: true });
  };
}

export function stopDevice({ store, limits }: RelayDeps): RelayHandler {
  return async (c) => {
    const { user } = c.get('owner');
    const { kid, code = null } = await readJson(c, stopSchema);
    await store.stop({ owner: user, kid, code, buckets: [bucket(`stops:${user}`, limits.stops)] });
    return c.json({ ok: true });
  };
}
