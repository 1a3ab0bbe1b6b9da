import { boolean, object, safeParse, string, unknown } from 'zod/mini';
import type { infer as Infer } from 'zod/mini';
import type { Sql } from '../postgres/connect.ts';

const message = object({ id: string(), topic: string(), event: string(), private: boolean(), payload: unknown() });

/** What `realtime.send()` was called with. */
export type Message = Infer<typeof message>;

/** Calls `ring` for every committed message. Reconnects by itself; what was sent meanwhile is lost, as on hosted. */
export async function listenForMessages(admin: Sql, ring: (message: Message) => void): Promise<() => Promise<void>> {
  const listening = await admin.listen('realtime_messages', (text) => {
    const read = safeParse(message, JSON.parse(text));
    if (read.success) ring(read.data);
  });
  return () => listening.unlisten();
}
