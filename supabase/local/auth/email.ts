import { badBody, emailNotAllowed } from './errors.ts';

/** RFC 5321, as corrected by erratum 1690. */
export const longestEmail = 254;

/** Addresses of desktops' accounts, which the relay makes: nobody gets one by asking for it. */
const machines = '@device.invalid';

/** A person's address in the form it is kept in. Throws the error the caller gets. */
export function normalEmail(email: string): string {
  const normal = anyEmail(email);
  if (normal.endsWith(machines)) throw emailNotAllowed();
  return normal;
}

/** The same for the admin calls, which may make desktops' accounts. */
export function anyEmail(email: string): string {
  const normal = email.trim().toLowerCase();
  if (normal.length > longestEmail || !/^[^\s@]+@[^\s@]+$/.test(normal)) throw badBody();
  return normal;
}
