import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Fetch } from './auth.ts';
import type { Settings } from './config.ts';

/** The project's own client with its secret key: no session, no timers. */
export function projectClient({ supabaseUrl, secretKey }: Settings, fetch: Fetch): SupabaseClient {
  // Bun's type of fetch has one more member, which nobody calls here.
  const plain = Object.assign((input: string | URL | Request, init?: RequestInit) => fetch(input, init), {
    preconnect: () => undefined,
  });
  return createClient(supabaseUrl, secretKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: plain },
  });
}
