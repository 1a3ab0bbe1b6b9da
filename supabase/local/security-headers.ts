/**
 * The headers of the app's files: nothing but its own scripts, and no other partner than this stack at the
 * `host` it was asked by and `relays` (another relay's origins, http or https).
 */
export function securityHeaders(host: string, relays: readonly string[] = []): Record<string, string> {
  // Older Safari does not count a socket to the same host as 'self'.
  const own = [`ws://${host}`, `wss://${host}`];
  const partners = ["'self'", ...own, ...relays.flatMap((origin) => [origin, origin.replace(/^http/, 'ws')])];
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "media-src 'self' blob:",
    `connect-src ${partners.join(' ')}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    'content-security-policy': policy.join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(self), geolocation=(), microphone=()',
  };
}
