import { PhoneFault, type FaultCode } from './fault.ts';

/** Auth's `error_code` values that a person can act on. */
const CODES: Readonly<Record<string, FaultCode>> = {
  invalid_credentials: 'account.credentials',
  user_already_exists: 'account.exists',
  email_exists: 'account.exists',
  same_password: 'recovery.password',
  otp_expired: 'account.reset-code',
  reauthentication_needed: 'auth.fresh-factor',
  insufficient_aal: 'auth.fresh-factor',
  weak_password: 'account.weak-password',
  validation_failed: 'account.email',
  email_address_invalid: 'account.email',
  email_address_not_authorized: 'account.closed',
  signup_disabled: 'account.closed',
  email_provider_disabled: 'account.closed',
  email_not_confirmed: 'account.unconfirmed',
  mfa_verification_failed: 'account.code-wrong',
  mfa_verification_rejected: 'account.code-wrong',
  mfa_challenge_expired: 'account.code-old',
  over_request_rate_limit: 'account.too-often',
  too_many_enrolled_mfa_factors: 'account.too-often',
  session_not_found: 'account.gone',
  bad_jwt: 'account.gone',
  session_expired: 'account.gone',
  refresh_token_not_found: 'account.gone',
  refresh_token_already_used: 'account.gone',
  user_not_found: 'account.gone',
};

interface AuthFault {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
}

/** An error of auth-js as the phone's own. */
export function accountFault(error: AuthFault): PhoneFault {
  if (error.name === 'AuthRetryableFetchError') return new PhoneFault('network.unreachable');
  if (error.name === 'AuthSessionMissingError') return new PhoneFault('account.gone');
  return new PhoneFault(CODES[error.code ?? ''] ?? 'account.failed', error.message);
}
