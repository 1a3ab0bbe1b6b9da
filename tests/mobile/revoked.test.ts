import { afterEach, beforeEach, expect, test } from 'bun:test';
import type { Phone } from '../../mobile/state/phone.ts';
import type { TestStack } from '../support/stack.ts';
import { appStack } from './support/app-stack.ts';
import { bunPhone, pair, pairedPhone, taskIn, taskWith, viewWith } from './support/bun-phone.ts';
import { newDesk, type Desk } from './support/desk.ts';

/* A phone that was revoked by account, from somewhere else: its desktop still trusts it, and the relay carries nothing for it. */

let stack: TestStack;
let desk: Desk;
let phone: Phone;
beforeEach(async () => {
  stack = await appStack();
  desk = await newDesk(stack);
  phone = bunPhone(stack.url);
  await pairedPhone(phone, desk);
});
afterEach(async () => {
  await phone.stop();
  await stack.stop();
});

const send = (text: string): Promise<string> =>
  phone.errands.send({ desktop: desk.identity.device.kid, text, grants: [] });

async function revokeElsewhere(): Promise<void> {
  const kid = phone.view().me?.kid ?? '';
  await stack.sql`select public.relay_revoke(owner, kid) from private.devices where kid = ${kid}`;
  phone.kick();
  await viewWith(phone, ({ line }) => line.is === 'refused' && line.why === 'device.unknown');
}

test('says of what it sent only what it can know, and hears of it again once it is allowed anew', async () => {
  const done = await send('done before');
  await desk.tell(done, { kind: 'state', state: { is: 'ended', fate: 'done' } });
  const running = await send('under way');
  await desk.tell(running, { kind: 'state', state: { is: 'running' } });
  const waiting = await send('perhaps fetched, perhaps not');
  await taskWith(phone, done, ({ standing }) => standing.is === 'ended');
  await taskWith(phone, running, ({ standing }) => standing.is === 'running');
  await taskWith(phone, waiting, ({ standing }) => standing.is === 'relay');
  await revokeElsewhere();
  for (const id of [running, waiting]) {
    const { standing } = await taskWith(phone, id, (task) => task.standing.is === 'ended');
    expect(standing).toEqual({ is: 'ended', fate: 'unknown' });
  }
  expect(taskIn(phone.view(), done)?.standing).toEqual({ is: 'ended', fate: 'done' });

  await pair(phone, desk);
  await taskWith(phone, running, ({ standing }) => standing.is === 'running');
  expect(taskIn(phone.view(), waiting)?.standing).toEqual({ is: 'ended', fate: 'unknown' });
  await desk.tell(waiting, { kind: 'state', state: { is: 'ended', fate: 'done' } });
  await taskWith(phone, waiting, ({ standing }) => standing.is === 'ended' && standing.fate === 'done');
});

test('what is written then stays on the phone, and goes once it is allowed anew', async () => {
  await revokeElsewhere();
  const id = await send('too late, or too early');
  await pair(phone, desk);
  await desk.hears('task');
  expect((await desk.hear()).filter(({ body }) => body.kind === 'task').map((up) => up.id)).toEqual([id]);
});
