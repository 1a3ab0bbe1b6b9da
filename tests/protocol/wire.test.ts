import { expect, test } from 'bun:test';
import * as z from 'zod/mini';
import { actionSchema, askSchema } from '../../edge/protocol/ask.ts';
import { deviceSchema } from '../../edge/protocol/device.ts';
import { downSchema } from '../../edge/protocol/down.ts';
import { headerSchema } from '../../edge/protocol/envelope.ts';
import { WIRE_ERRORS } from '../../edge/protocol/error.ts';
import * as http from '../../edge/protocol/http.ts';
import { offerBodySchema, offerSchema } from '../../edge/protocol/offer.ts';
import { proofSchema } from '../../edge/protocol/proof.ts';
import { upSchema } from '../../edge/protocol/up.ts';
import { PROTOCOL_VERSION } from '../../edge/protocol/version.ts';

/**
 * The wire is what other versions of this program already speak. When this hash changes, say in edge/protocol/version.ts what
 * changed, raise PROTOCOL_VERSION unless old messages still parse, and pin the new hash here.
 */
const PINNED = { version: 2, hash: 'e35a0341c564101dd186759400c158c1039348879790bf5ef516dd3ce7879029' };

const isSchema = (value: unknown): value is z.ZodMiniType =>
  typeof value === 'object' && value !== null && '_zod' in value;

test('the wire has not changed without its version saying so', () => {
  const routes = Object.entries(http).filter(([, value]) => isSchema(value));
  expect(routes.length).toBeGreaterThan(15);
  const schemas = {
    header: headerSchema,
    up: upSchema,
    down: downSchema,
    action: actionSchema,
    ask: askSchema,
    device: deviceSchema,
    offer: offerSchema,
    offerBody: offerBodySchema,
    proof: proofSchema,
    ...Object.fromEntries(routes),
  } as Record<string, z.ZodMiniType>;
  const wire = Object.entries(schemas)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => [name, z.toJSONSchema(schema, { unrepresentable: 'any' })]);
  const hash = new Bun.CryptoHasher('sha256')
    .update(JSON.stringify([wire, Object.keys(WIRE_ERRORS).sort()]))
    .digest('hex');
  expect({ version: PROTOCOL_VERSION, hash }).toEqual(PINNED);
});
