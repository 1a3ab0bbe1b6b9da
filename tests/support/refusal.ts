import { RelayError, type RelayErrorCode } from '../../edge/mailbox/relay-client.ts';

/** The code a call of the relay was refused with; undefined when it was not. */
export async function refusalOf(call: Promise<unknown>): Promise<RelayErrorCode | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof RelayError) return error.code;
    throw error;
  }
}
