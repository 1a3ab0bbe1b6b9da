import type { Sql } from '../postgres/connect.ts';

type Question = { topic: string; role: 'anon' | 'authenticated'; claims: Record<string, unknown> };

class Answered extends Error {
  readonly allowed: boolean;
  constructor(allowed: boolean) {
    super('rolled back on purpose');
    this.allowed = allowed;
  }
}

/**
 * Asks the policies of realtime.messages whether this caller may read broadcasts of `topic`, as hosted
 * Realtime does (supabase/realtime, authorization.ex): insert a row as the owner, look for it as the
 * caller, roll back.
 */
export async function mayRead(admin: Sql, { topic, role, claims }: Question): Promise<boolean> {
  try {
    return await admin.begin(async (tx) => {
      const [row] = await tx<{ id: string }[]>`
        insert into realtime.messages (topic, extension, private) values (${topic}, 'broadcast', true) returning id`;
      if (!row) return false;
      await tx`select
        set_config('role', ${role}, true),
        set_config('realtime.topic', ${topic}, true),
        set_config('request.jwt.claims', ${JSON.stringify(claims)}, true)`;
      const seen = await tx`select from realtime.messages where id = ${row.id}`;
      throw new Answered(seen.length === 1);
    });
  } catch (error) {
    if (error instanceof Answered) return error.allowed;
    throw error;
  }
}
