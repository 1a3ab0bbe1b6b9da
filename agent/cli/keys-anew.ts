import { forgetIdentity } from '../journal/forget-identity.ts';
import { openJournal } from '../journal/journal.ts';
import { readMeta } from '../journal/meta.ts';
import { openKeyring } from '../link/keyring.ts';
import { IdentityLost, openKeys } from '../link/keys.ts';
import { findAgent } from './agent-process.ts';
import { type Desk, DeskError } from './command.ts';

/** For a desktop whose keys are lost for good: it gets new ones, its errands stay, and every phone must be paired again. */
export async function keysAnew(desk: Desk): Promise<string> {
  await refuseWhileItWorks(desk);
  const journal = openJournal({ folder: desk.data, now: () => Date.now() });
  try {
    await refuseWhileKeysAreHere(desk, readMeta(journal, 'kid'));
    forgetIdentity(journal);
  } finally {
    journal.close();
  }
  return 'This desktop makes new keys at its next start (`errand up`). Pair every phone again (`errand pair`; h lets it read older errands), and revoke the old desktop there, under Devices.';
}

/** A worker would have the journal, and go on as who it was. */
async function refuseWhileItWorks(desk: Desk): Promise<void> {
  const agent = await findAgent(desk);
  const reply = await agent?.call({ do: 'status' });
  agent?.close();
  if (reply?.is === 'status' && reply.status.presence !== 'stopped-by-owner') {
    throw new DeskError('Stop Errand first: errand stop');
  }
}

/** A keyring that is only locked has them. */
async function refuseWhileKeysAreHere(desk: Desk, known: string | undefined): Promise<void> {
  const keyring = await openKeyring({ folder: desk.data, force: desk.env['ERRAND_KEYRING'], notice: desk.say });
  try {
    await openKeys({ keyring, name: desk.hostname.slice(0, 64) || 'Desktop', known: known ?? '' });
  } catch (error) {
    if (error instanceof IdentityLost) return;
    throw error;
  }
  throw new DeskError('The keys of this desktop are in its keyring. There is nothing to make anew.');
}
