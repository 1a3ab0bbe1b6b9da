import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { getConfig, getHealth } from './about.ts';
import { getBlob, postBlob } from './blobs.ts';
import { upTo } from './body.ts';
import type { RelayDeps, RelayEnv } from './deps.ts';
import { bindDevice, listDevices, registerDevice, revokeDevice, rotateKey, stopDevice } from './devices.ts';
import { postEnvelope, withdrawEnvelope } from './envelopes.ts';
import { Refusal, answer, answerError } from './errors.ts';
import { asClaimant, asDevice, asFreshOwner, asOwner, knowsProject } from './guards.ts';
import { ackInbox, pullInbox } from './inbox.ts';
import { MAX_BLOB_BYTES, MAX_JSON_BYTES } from './limits.ts';
import { claimPairing, confirmPairing, getPairing, postPairing } from './pairings.ts';
import { deletePush, putPush } from './push.ts';
import { recoveryRoutes } from './recovery-routes.ts';
import { openSession } from './sessions.ts';

/** The relay: a mailbox that checks everything about an envelope but what is in it. Routes and bodies: edge/protocol/http.ts. */
export function relayApp(deps: RelayDeps): Hono<RelayEnv> {
  const app = new Hono<RelayEnv>().basePath('/relay');
  const device = asDevice(deps);
  const claimant = asClaimant(deps);
  const owner = asOwner(deps);
  const freshOwner = asFreshOwner(deps);
  const json = upTo(MAX_JSON_BYTES, deps.limits);

  app.onError(answerError(deps));
  app.notFound(() => answer(new Refusal('request.not-found'), deps.now()));
  app.use(
    cors({
      origin: [...deps.settings.appOrigins],
      allowMethods: ['GET', 'POST', 'PUT', 'DELETE'],
      allowHeaders: ['apikey', 'authorization', 'content-type', 'x-client-info', 'x-poll-secret'],
      // `date` tells a device that its clock is wrong.
      exposeHeaders: ['date', 'retry-after'],
      maxAge: 600,
    }),
  );
  app.use(async (c, next) => {
    await next();
    c.header('date', new Date(deps.now() * 1000).toUTCString());
    c.header('cache-control', 'no-store');
    c.header('x-content-type-options', 'nosniff');
  });

  app.get('/health', getHealth(deps));
  app.get('/config', getConfig(deps));

  app.use(knowsProject(deps));

  app.post('/envelopes', claimant, json, postEnvelope(deps));
  app.delete('/envelopes/:id', device, withdrawEnvelope(deps));
  app.post('/inbox/pull', claimant, json, pullInbox(deps));
  app.post('/inbox/ack', claimant, json, ackInbox(deps));

  app.post('/pairings', json, postPairing(deps));
  app.get('/pairings/:pid', getPairing(deps));
  app.post('/pairings/:pid/claim', freshOwner, json, claimPairing(deps));
  app.post('/pairings/:pid/confirm', json, confirmPairing(deps));

  app.get('/devices', listDevices(deps));
  app.post('/devices', freshOwner, json, registerDevice(deps));
  app.post('/devices/bind', owner, json, bindDevice(deps));
  app.post('/devices/key', device, json, rotateKey(deps));
  app.post('/devices/session', json, openSession(deps));
  app.delete('/devices/:kid', freshOwner, revokeDevice(deps));
  app.post('/stop', owner, json, stopDevice(deps));

  app.route('/recovery', recoveryRoutes(deps));

  app.put('/push', device, json, putPush(deps));
  app.delete('/push', device, deletePush(deps));

  app.post('/blobs', device, upTo(MAX_BLOB_BYTES, deps.limits), postBlob(deps));
  app.get('/blobs/:id', device, getBlob(deps));

  return app;
}
