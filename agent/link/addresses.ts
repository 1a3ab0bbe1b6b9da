/** The places of one relay, all below the address of its stack (hosted, self-hosted or embedded). */
export interface Addresses {
  readonly relay: string;
  readonly auth: string;
  readonly realtime: string;
}

export function addressesOf(url: string): Addresses {
  const base = url.replace(/\/$/, '').replace(/\/functions\/v1\/relay$/, '');
  return {
    relay: `${base}/functions/v1/relay`,
    auth: `${base}/auth/v1`,
    realtime: `${base.replace(/^http/, 'ws')}/realtime/v1`,
  };
}

/** An address that only this machine reaches. */
export function isLoopback(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}
