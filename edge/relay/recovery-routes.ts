import { Hono } from 'hono';
import { upTo } from './body.ts';
import type { RelayDeps, RelayEnv } from './deps.ts';
import { asFreshOwner, asLivePerson, asOwner } from './guards.ts';
import { MAX_JSON_BYTES } from './limits.ts';
import { deskRecovery, getRecovery, makeRecovery, recover } from './recovery.ts';

/** `/recovery`: when the authenticator is lost. */
export function recoveryRoutes(deps: RelayDeps): Hono<RelayEnv> {
  const json = upTo(MAX_JSON_BYTES, deps.limits);
  return new Hono<RelayEnv>()
    .get('/', asOwner(deps), getRecovery(deps))
    .post('/', asLivePerson(deps), json, recover(deps))
    .post('/codes', asFreshOwner(deps), asLivePerson(deps), makeRecovery(deps))
    .post('/desk', json, deskRecovery(deps));
}
