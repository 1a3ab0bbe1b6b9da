import { WIRE_ERRORS, type WireErrorCode } from '../../edge/protocol/error.ts';
import type { FaultCode, LocalFaultCode } from '../link/fault.ts';

const local: Record<LocalFaultCode | 'network.unreachable' | 'network.bad-answer', string> = {
  'account.credentials': 'E-mail or password is wrong.',
  'account.exists': 'This e-mail has an account already. Sign in instead.',
  'account.weak-password': 'This password is too easy to guess. Take a longer one.',
  'account.email': 'This is no e-mail address that can be used here.',
  'account.closed': 'This relay does not accept new accounts. Ask whoever runs it.',
  'account.unconfirmed': 'Open the link in the e-mail you got, then sign in.',
  'account.code-wrong':
    'The code is not right. Take the one shown now; each works once. If none is right, set the clock of the device that shows it to automatic.',
  'account.code-old': 'That took too long. Enter the code shown now.',
  'account.reset-code': 'This code is not right, or it is older than ten minutes.',
  'account.too-often': 'Too many tries. Wait a few minutes.',
  'account.gone': 'You were signed out. Sign in again.',
  'account.failed': 'Signing in did not work. Try again in a moment.',
  'pairing.code': 'This is no pairing code. Type the 20 letters and digits that the desktop shows.',
  'pairing.false': 'The offer does not come from the desktop that shows this code. Show a new code there.',
  'pairing.refused':
    'It was not allowed at the desktop. To try again, run errand pair there and use the code that it shows then.',
  'pairing.dropped':
    'This desktop no longer takes errands from this phone. To use it again, connect it anew: Devices, “Connect a desktop”.',
  'pairing.other-relay': 'This desktop uses another relay than your account. Sign out first, then open the link again.',
  'file.damaged': 'The file was altered or is incomplete. Ask for it again.',
  'file.too-large': 'The file is larger than 24 MB.',
  'task.unsent': 'The task was not sent.',
  'phone.full': 'This phone has no room left for Errand. Free some space, then try again; nothing is lost meanwhile.',
  'phone.storage':
    'This browser does not let Errand keep anything, so nothing can be sent or received here. Leave private browsing, or allow storage for this address, and reload the app.',
  'phone.updated': 'Errand was updated. Reload.',
  'phone.failed': 'Something failed on this phone. Reload the app.',
  'network.unreachable': 'The relay cannot be reached. Check the connection.',
  'network.bad-answer': 'The relay answered in a way this version cannot read. Reload the app.',
};

/** A phone binds its session by itself: it cannot once it was revoked, from another phone or by account. */
const REVOKED =
  'This phone was revoked: nothing it sends is carried any more. To use it again, connect your desktop anew: Devices, “Connect a desktop”.';

/** Mistyped or out of date is one and the same to the relay: it never hears the code. */
const NO_OFFER =
  'No desktop shows this code now: it is mistyped, or too old. Compare it, or run errand pair at the desktop for a new one.';

/** What went wrong and what to do, for every code that can reach a screen. */
export function faults(code: FaultCode): string {
  if (code === 'device.unbound' || code === 'device.unknown') return REVOKED;
  if (code === 'pairing.unknown') return NO_OFFER;
  return isLocal(code) ? local[code] : WIRE_ERRORS[code].message;
}

/** Why a task never left this phone. */
export function unsent(why: string): string {
  if (why === 'body.too-large' || why === 'request.too-large')
    return 'It is too large: shorten the text or attach a smaller file.';
  return isCode(why) ? faults(why) : why;
}

const isCode = (why: string): why is FaultCode => why in local || why in WIRE_ERRORS;
const isLocal = (code: FaultCode): code is Exclude<FaultCode, WireErrorCode> => code in local;
