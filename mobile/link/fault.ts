import { RelayError, type RelayErrorCode } from '../../edge/mailbox/relay-client.ts';

/** What can go wrong on the phone itself, or be answered by Auth; the relay's own codes stand beside them. */
export type LocalFaultCode =
  | 'account.credentials'
  | 'account.exists'
  | 'account.weak-password'
  | 'account.email'
  | 'account.closed'
  | 'account.unconfirmed'
  | 'account.code-wrong'
  | 'account.code-old'
  | 'account.reset-code'
  | 'account.too-often'
  | 'account.gone'
  | 'account.failed'
  | 'pairing.code'
  | 'pairing.false'
  | 'pairing.refused'
  | 'pairing.other-relay'
  | 'pairing.dropped'
  | 'file.damaged'
  | 'file.too-large'
  | 'task.unsent'
  | 'phone.full'
  | 'phone.storage'
  /** A newer version of the app keeps its data otherwise. */
  | 'phone.updated'
  | 'phone.failed';
export type FaultCode = LocalFaultCode | RelayErrorCode;

export class PhoneFault extends Error {
  override readonly name = 'PhoneFault';
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string = code) {
    super(message);
    this.code = code;
  }
}

/** The code that screens have words for. */
export function faultCode(error: unknown): FaultCode {
  if (error instanceof PhoneFault || error instanceof RelayError) return error.code;
  if (error instanceof Error && error.name === 'QuotaExceededError') return 'phone.full';
  return 'phone.failed';
}
