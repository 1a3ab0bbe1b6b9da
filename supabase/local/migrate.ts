import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sql } from './postgres/connect.ts';

type Migrations = {
  /** Holds `<version>_<name>.sql` files. */
  folder: string;
  /** The schema whose `schema_migrations` table remembers what was applied. */
  ledger: 'supabase_migrations' | 'errand_prelude';
  /** The files run with this role's rights. */
  role: 'postgres' | 'supabase_admin';
};

type File = { version: string; name: string; text: string };

/**
 * Applies each file once, in the order of its name, in a transaction of its own. The ledger is the Supabase
 * CLI's, so either may go on where the other stopped. Throws when a file changed after it was applied.
 */
export async function migrate(sql: Sql, { folder, ledger, role }: Migrations): Promise<void> {
  const files = migrationFiles(folder);
  const applied = await appliedTexts(sql, ledger);
  for (const file of files) {
    const before = applied.get(file.version);
    if (before === undefined) await apply(sql, { file, ledger, role });
    else if (bare(before) !== bare(file.text)) throw changed(folder, file);
  }
}

function migrationFiles(folder: string): File[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => {
      const [, version, title] = /^(\d+)_(.+)\.sql$/.exec(name) ?? [];
      if (version === undefined || title === undefined) {
        throw new Error(`${join(folder, name)} is no migration: its name must be <number>_<name>.sql.`);
      }
      return { version, name: title, text: readFileSync(join(folder, name), 'utf8') };
    });
}

async function appliedTexts(sql: Sql, ledger: Migrations['ledger']): Promise<Map<string, string>> {
  await sql.unsafe(`
    create schema if not exists ${ledger};
    create table if not exists ${ledger}.schema_migrations (version text primary key, statements text[], name text);
  `);
  const rows = await sql<{ version: string; text: string }[]>`
    select version, array_to_string(statements, ';') as text from ${sql(ledger)}.schema_migrations`;
  return new Map(rows.map(({ version, text }) => [version, text]));
}

async function apply(sql: Sql, p: { file: File; ledger: string; role: string }): Promise<void> {
  const { version, name, text } = p.file;
  await sql
    .begin(async (tx) => {
      if (p.role === 'postgres') await tx`set local role postgres`;
      await tx.unsafe(text).simple();
      await tx`reset role`;
      await tx`insert into ${sql(p.ledger)}.schema_migrations (version, statements, name) values (${version}, array[${text}], ${name})`;
    })
    .catch((cause: unknown) => {
      throw new Error(
        `The migration ${version}_${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    });
}

/** The CLI stores the statements split and without their semicolons: compare what is left of both. */
function bare(text: string): string {
  return text.replaceAll(/[\s;]+/g, ' ').trim();
}

function changed(folder: string, { version, name }: File): Error {
  return new Error(
    `${join(folder, `${version}_${name}.sql`)} was changed after this database applied it. Put it back as it was, and make the change in a new migration.`,
  );
}
