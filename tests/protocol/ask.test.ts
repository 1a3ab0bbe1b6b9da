import { expect, test } from 'bun:test';
import { freezeAction, thawAction, type Action } from '../../edge/protocol/ask.ts';
import { toB64u, toBytes } from '../../edge/protocol/bytes.ts';
import { newId } from '../../edge/protocol/id.ts';
import { attack } from '../support/evidence.ts';

const action: Action = { v: 1, t: newId(), n: 3, act: { sink: 'read', path: '/home/a/ä.txt' } };

test('the phone digests the very bytes it shows', async () => {
  const frozen = await freezeAction(action);
  expect(await thawAction(frozen.bytes)).toEqual({ action, digest: frozen.digest });
});

attack('answers', 'the digest is of this step of this task', async () => {
  const frozen = await freezeAction(action);
  expect((await freezeAction({ ...action, n: 4 })).digest).not.toBe(frozen.digest);
  expect((await freezeAction({ ...action, t: newId() })).digest).not.toBe(frozen.digest);
});

attack('answers', 'an action with a member the phone would not show is not shown at all', async () => {
  const hidden = { ...action, act: { ...action.act, alsoSendTo: 'x' } };
  await expect(thawAction(toB64u(toBytes(JSON.stringify(hidden))))).rejects.toThrow();
});
