import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod/mini';
import { wireErrorSchema } from '../../edge/protocol/error.ts';
import { deskRecoveredSchema } from '../../edge/protocol/http.ts';
import { type Command, DeskError } from './command.ts';
import { findStack, folderOf } from './own-stack.ts';

const keysSchema = z.object({ secret: z.string() });

/** For an owner who lost password, authenticator or recovery codes. Whoever can run this holds the relay's database anyway. */
export const recover: Command = async (desk, args) => {
  const { positionals } = parseArgs({ args: [...args], options: {}, allowPositionals: true });
  const [email, ...more] = positionals;
  if (email === undefined || more.length > 0)
    throw new DeskError('Say whose account it is: errand recover you@example.org');
  const stack = findStack(desk);
  if (stack === undefined)
    throw new DeskError(
      'No relay runs here. Run this on the machine, and as the user, that runs `errand start` or `errand relay`. On hosted Supabase, remove the factor under Authentication.',
    );
  const { secret } = keysSchema.parse(JSON.parse(readFileSync(join(folderOf(desk), 'keys.json'), 'utf8')));
  const response = await desk.fetch(`${stack.url}/functions/v1/relay/recovery/desk`, {
    method: 'POST',
    headers: { apikey: stack.publishableKey, authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ email }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer: unknown = await response.json();
  const refused = wireErrorSchema.safeParse(answer);
  if (refused.success) throw new DeskError(refused.data.error.message);
  const { passwordCode, code } = deskRecoveredSchema.parse(answer);
  desk.say(`For ${email}, each good once and for ten minutes:

  forgot the password         ${passwordCode.replaceAll(/(.{4})(?!$)/g, '$1-')}   in the app: "Forgot the password?"
  lost the authenticator      ${code}   in the app, after the password: "Lost your authenticator?"

Whoever reads them can take the account over, and still command no desktop: that takes pairing in front of it.`);
  return 0;
};
