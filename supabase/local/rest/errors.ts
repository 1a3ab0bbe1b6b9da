import postgres from 'postgres';

/** PostgREST's error body. */
type RestError = { code: string; message: string; details: string | null; hint: string | null };

export type Refusal = { status: number; body: RestError };

export function refusal(status: number, code: string, message: string, hint: string | null = null): Refusal {
  return { status, body: { code, message, details: null, hint } };
}

const byCode: Readonly<Record<string, number>> = {
  '23503': 409,
  '23505': 409,
  '25006': 405,
  '42883': 404,
  '42P01': 404,
  '42P17': 500,
  P0001: 400,
};

const byClass: Readonly<Record<string, number>> = {
  '08': 503,
  '09': 500,
  '0L': 403,
  '0P': 403,
  '25': 500,
  '28': 403,
  '2D': 500,
  '38': 500,
  '39': 500,
  '3B': 500,
  '40': 500,
  '53': 503,
  '54': 500,
  '55': 500,
  '57': 500,
  '58': 500,
  F0: 500,
  HV: 500,
  XX: 500,
};

/**
 * What PostgREST answers to a database error. The message is the function's own (`raise exception`) or the
 * server's; neither quotes the statement. Anything that did not come from the database is a 503 without its text.
 */
export function fromDatabase(error: unknown, anonymous: boolean): Refusal {
  if (!(error instanceof postgres.PostgresError)) {
    return refusal(503, 'PGRST000', 'The database does not answer. Try again in a moment.');
  }
  const { code, message, detail, hint } = error;
  return { status: statusOf(code, anonymous), body: { code, message, details: detail ?? null, hint: hint ?? null } };
}

function statusOf(code: string, anonymous: boolean): number {
  if (code === '42501') return anonymous ? 401 : 403;
  // raise ... using errcode = 'PT404' sets the status itself
  const chosen = /^PT([1-5]\d\d)$/.exec(code)?.[1];
  if (chosen !== undefined) return Number(chosen);
  return byCode[code] ?? byClass[code.slice(0, 2)] ?? 400;
}
