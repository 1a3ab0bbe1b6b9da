import postgres from 'postgres';

export type Sql = postgres.Sql;

/** What runs queries: a client, or one transaction of it. */
// oxlint-disable-next-line typescript/no-empty-object-type -- the library's own default for "no custom types"
export type Query = postgres.ISql<{}>;

type Options = postgres.Options<Record<string, never>>;

/**
 * A postgres.js client for a libpq URL. postgres.js does not know libpq's `?host=/folder` for a socket, so
 * it is translated here. Notices are dropped: they would go to the console.
 */
export function connect(url: string, options: Options = {}): Sql {
  const parsed = new URL(url);
  const folder = parsed.searchParams.get('host');
  parsed.searchParams.delete('host');
  return postgres(parsed.href, {
    onnotice: () => undefined,
    fetch_types: false,
    ...options,
    ...(folder === null ? {} : { path: `${folder}/.s.PGSQL.${parsed.port || '5432'}` }),
  });
}
