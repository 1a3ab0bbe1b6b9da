import type { Query } from '../postgres/connect.ts';

export type UserRow = {
  id: string;
  aud: string;
  role: string;
  email: string;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  last_sign_in_at: Date | null;
  raw_app_meta_data: Record<string, unknown>;
  raw_user_meta_data: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
  factors: { id: string; status: 'verified' | 'unverified' }[];
};

/** The user as Supabase Auth's JSON. `factors` is always there: auth-js finds the next level in it. */
export function userJson(user: UserRow): Record<string, unknown> {
  return {
    id: user.id,
    aud: user.aud,
    role: user.role,
    email: user.email,
    email_confirmed_at: user.email_confirmed_at,
    confirmed_at: user.email_confirmed_at,
    phone: '',
    last_sign_in_at: user.last_sign_in_at,
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    identities: [],
    factors: user.factors,
    created_at: user.created_at,
    updated_at: user.updated_at,
    is_anonymous: false,
  };
}

export function isEnrolled({ factors }: UserRow): boolean {
  return factors.some(({ status }) => status === 'verified');
}

export async function findUsers(sql: Query, where: 'id' | 'email' | 'all', value = ''): Promise<UserRow[]> {
  const condition = {
    id: () => sql`u.id = ${value}`,
    email: () => sql`lower(u.email) = lower(${value})`,
    all: () => sql`true`,
  };
  return sql<UserRow[]>`
    select u.*, coalesce((
      select json_agg(json_build_object(
        'id', f.id, 'status', f.status, 'friendly_name', f.friendly_name, 'factor_type', f.factor_type,
        'created_at', f.created_at, 'updated_at', f.updated_at) order by f.created_at)
      from auth.mfa_factors as f where f.user_id = u.id
    ), '[]') as factors
    from auth.users as u
    where ${condition[where]()}
    order by u.created_at desc`;
}

export async function findUser(sql: Query, where: 'id' | 'email', value: string): Promise<UserRow | undefined> {
  const [user] = await findUsers(sql, where, value);
  return user;
}

export type NewUser = {
  email: string;
  passwordHash: string | null;
  appMetadata: Record<string, unknown>;
  userMetadata: Record<string, unknown>;
  now: Date;
};

/** Undefined when the address is taken. */
export async function insertUser(sql: Query, user: NewUser): Promise<UserRow | undefined> {
  const appMetadata = { provider: 'email', providers: ['email'], ...user.appMetadata };
  const [row] = await sql<{ id: string }[]>`
    insert into auth.users (
      email, encrypted_password, email_confirmed_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at
    ) values (
      ${user.email}, ${user.passwordHash}, ${user.now},
      ${JSON.stringify(appMetadata)}::text::jsonb, ${JSON.stringify(user.userMetadata)}::text::jsonb, ${user.now}, ${user.now}
    )
    on conflict do nothing
    returning id`;
  return row && findUser(sql, 'id', row.id);
}
