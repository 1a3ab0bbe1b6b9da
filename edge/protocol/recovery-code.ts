import { newPairingCode, readCode, showPairingCode } from './pairing-code.ts';

const LENGTH = 16;

/** 80 random bits as 16 base32 characters: not to be guessed, and short enough to type from paper. */
export const newRecoveryCode = (): string => newPairingCode().slice(0, LENGTH);

/** In groups of four, for the eye. */
export const showRecoveryCode = showPairingCode;

/** What the person typed, as a code; undefined when it cannot be one. */
export const readRecoveryCode = (typed: string): string | undefined => readCode(typed, LENGTH);
