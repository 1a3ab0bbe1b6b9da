const loopback = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/**
 * The address limits are counted by. A proxy on this machine (`tailscale serve`) is believed when it names
 * the client; anybody else's `x-forwarded-for` is not.
 */
export function clientIp(headers: Headers, peer: string | undefined): string | undefined {
  if (peer === undefined || !loopback.has(peer)) return peer;
  const named = headers.get('x-forwarded-for')?.split(',').at(-1)?.trim();
  return named === undefined || named === '' ? peer : named;
}
