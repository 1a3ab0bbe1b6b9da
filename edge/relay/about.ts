import { PROTOCOL_VERSION } from '../protocol/version.ts';
import type { RelayConfig } from '../protocol/http.ts';
import type { RelayDeps, RelayHandler } from './deps.ts';

export function getHealth({ now }: RelayDeps): RelayHandler {
  return (c) => c.json({ ok: true, now: now() });
}

/** What a client has to know before it can say anything else. */
export function getConfig({ settings, now }: RelayDeps): RelayHandler {
  return (c) => {
    const config: RelayConfig = {
      url: settings.supabaseUrl,
      publishableKey: settings.publishableKeys[0] ?? '',
      vapidPublicKey: settings.vapid?.publicKey ?? null,
      version: PROTOCOL_VERSION,
      now: now(),
    };
    return c.json(config);
  };
}
