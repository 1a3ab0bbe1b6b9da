import { afterAll, beforeAll, expect, test } from 'bun:test';
import { keysIn } from '../../mobile/link/keys.ts';
import { memoryDb } from '../../mobile/link/memory-db.ts';
import type { TestStack } from '../support/stack.ts';
import { appStack } from './support/app-stack.ts';
import { bunPhone, signUp, viewWith } from './support/bun-phone.ts';
import { newDesk } from './support/desk.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await appStack();
});
afterAll(() => stack.stop());

test('a link that is opened twice at the same moment makes one identity, and that one is paired', async () => {
  const db = memoryDb();
  const keys = keysIn(db);
  const saved: string[] = [];
  const phone = bunPhone(stack.url, {
    db,
    keys: {
      // A slow store: both looks have read "none" before either has saved.
      load: async () => {
        const known = await keys.load();
        await new Promise((resolve) => setTimeout(resolve, 200));
        return known;
      },
      save: async (identity) => {
        saved.push(identity.device.kid);
        await keys.save(identity);
      },
    },
  });
  const desk = await newDesk(stack);
  await phone.start();
  await signUp(phone);
  const { code, claimed } = await desk.offer();
  const opened = [phone.pairing.open(code), phone.pairing.open(code)];
  const claim = await claimed;
  await claim.allow();
  await Promise.all(opened);
  await viewWith(phone, (view) => view.desktops.some((each) => each.trusted));
  expect(saved).toEqual([claim.phone.kid]);
  await phone.stop();
});
