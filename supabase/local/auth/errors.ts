/** Supabase Auth's error body is `{code, error_code, msg}`; auth-js reads `error_code`. */
export class AuthError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  toResponse(): Response {
    const body = { code: this.status, error_code: this.code, msg: this.message };
    return Response.json(body, { status: this.status, headers: this.headers });
  }
}

type Make = () => AuthError;

const make =
  (status: number, code: string, message: string): Make =>
  () =>
    new AuthError(status, code, message);

export const badKey = make(401, 'no_authorization', 'Invalid API key');
export const badBody = make(400, 'validation_failed', 'The request body is not what this call expects');
export const noAuthorization = make(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
export const badToken = make(403, 'bad_jwt', 'The access token is expired or was not issued here');
export const notAdmin = make(403, 'not_admin', 'This call needs the secret key');
export const sessionNotFound = make(403, 'session_not_found', 'Session from session_id claim in JWT does not exist');
export const userNotFound = make(404, 'user_not_found', 'User not found');
export const signUpDisabled = make(422, 'signup_disabled', 'Signups not allowed for this instance');
export const emailNotAllowed = make(
  403,
  'email_address_not_authorized',
  'This e-mail address may not make an account here',
);
export const userExists = make(422, 'user_already_exists', 'User already registered');
export const emailExists = make(422, 'email_exists', 'A user with this email address has already been registered');
export const weakPassword = make(422, 'weak_password', 'Password should be at least 10 and at most 200 characters.');
export const samePassword = make(422, 'same_password', 'New password should be different from the old password.');
export const badCredentials = make(400, 'invalid_credentials', 'Invalid login credentials');
export const refreshTokenNotFound = make(
  400,
  'refresh_token_not_found',
  'Invalid Refresh Token: Refresh Token Not Found',
);
export const refreshTokenUsed = make(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used');
export const otpExpired = make(403, 'otp_expired', 'Token has expired or is invalid');
export const unsupportedGrant = make(
  400,
  'unsupported_grant_type',
  'Only password and refresh_token are offered by the embedded stack',
);

export const factorNotFound = make(404, 'mfa_factor_not_found', 'Factor not found');
export const factorNameTaken = make(
  422,
  'mfa_factor_name_conflict',
  'A factor with the friendly name for this user already exists',
);
export const tooManyFactors = make(422, 'too_many_enrolled_mfa_factors', 'Maximum number of enrolled factors reached');
export const onlyTotp = make(422, 'mfa_totp_enroll_not_enabled', 'Only TOTP factors are offered by the embedded stack');
export const secondFactorNeeded = make(403, 'insufficient_aal', 'AAL2 required to enroll a new factor');
export const secondFactorNeededToUnenroll = make(422, 'insufficient_aal', 'AAL2 required to unenroll verified factor');
export const secondFactorNeededForAccount = make(
  401,
  'insufficient_aal',
  'AAL2 session is required to update email or password when MFA is enabled',
);
export const freshFactorNeeded = make(
  401,
  'reauthentication_needed',
  'This needs a code of the authenticator entered in the last ten minutes',
);
export const challengeExpired = make(
  422,
  'mfa_challenge_expired',
  'MFA challenge has expired, verify against another challenge or create a new challenge',
);
export const wrongCode = make(422, 'mfa_verification_failed', 'Invalid TOTP code entered');

export function factorLocked(seconds: number): AuthError {
  return new AuthError(429, 'over_request_rate_limit', 'Too many wrong codes. Wait a while, then try again.', {
    'retry-after': String(seconds),
  });
}

export function tooManyRequests(seconds: number): AuthError {
  return new AuthError(429, 'over_request_rate_limit', 'Request rate limit reached', {
    'retry-after': String(seconds),
  });
}
