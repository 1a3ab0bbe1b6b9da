import {
  DEFINER,
  DOORBELL,
  NO_EXECUTE,
  OWNED,
  SEARCH_PATH,
  SERVICE,
  functions,
  type Func,
} from '../promises/catalogue.ts';
import { NO_CALL } from '../promises/clients.ts';
import { JOINS } from '../promises/door.ts';
import { CLIENT_ROLES, type Mutant, type Mutants } from './mutant.ts';

export const ofFunctions: Mutants = async (tx) => (await functions(tx)).flatMap(ofFunction);

function ofFunction({ name, definer }: Func): Mutant[] {
  const isDoorbell = name === DOORBELL;
  // Schema private is closed besides: there only the catalogue can tell.
  const called = name.startsWith('private.') ? [] : [NO_CALL];
  const openTo = CLIENT_ROLES.filter((role) => !isDoorbell || role !== 'authenticated');
  return [
    ...openTo.map((role) => ({
      sql: `grant execute on function ${name} to ${role}`,
      noticedBy: [NO_EXECUTE, ...called],
    })),
    { sql: `alter function ${name} reset search_path`, noticedBy: [SEARCH_PATH] },
    { sql: `alter function ${name} set search_path = public`, noticedBy: [SEARCH_PATH] },
    { sql: `alter function ${name} set search_path = '', public`, noticedBy: [SEARCH_PATH] },
    { sql: `alter function ${name} owner to supabase_admin`, noticedBy: [OWNED] },
    definer
      ? { sql: `alter function ${name} security invoker`, noticedBy: [DEFINER, JOINS] }
      : { sql: `alter function ${name} security definer`, noticedBy: [DEFINER] },
    isDoorbell
      ? { sql: `revoke execute on function ${name} from authenticated`, noticedBy: [NO_EXECUTE, JOINS] }
      : { sql: `revoke execute on function ${name} from service_role`, noticedBy: [SERVICE] },
  ].map(({ sql, noticedBy }) => ({ change: sql, sql, noticedBy }));
}
