import * as z from 'zod/mini';
import { deviceSchema } from './device.ts';
import { idSchema } from './id.ts';

/** What a desktop offers, clear to the relay. `exp` in Unix seconds. */
export const offerBodySchema = z.strictObject({
  v: z.literal(1),
  pid: idSchema,
  device: deviceSchema,
  exp: z.int(),
});
export type OfferBody = z.infer<typeof offerBodySchema>;

/** `body` is base64url of {@link offerBodySchema}; `mac` can be checked by whoever knows the pairing code, which the relay never does. */
export const offerSchema = z.strictObject({
  body: z.string().check(z.maxLength(4096)),
  mac: z.string().check(z.maxLength(64)),
});
export type Offer = z.infer<typeof offerSchema>;
