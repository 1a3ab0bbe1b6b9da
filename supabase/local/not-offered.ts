/** The answer for every part of Supabase that Errand does not use. */
export function notOffered(what: string): Response {
  const message = `${what} is not offered by the embedded stack. It serves what Errand uses of Supabase; hosted Supabase has the rest.`;
  return Response.json({ code: 'not_offered', error_code: 'not_offered', message, msg: message }, { status: 501 });
}
