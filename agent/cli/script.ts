import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { findAgent, requireAgent } from './agent-process.ts';
import { type Command, type Desk, DeskError } from './command.ts';
import { changeConfig, loadConfig, openConfig } from './desk-config.ts';
import { followTask } from './follow-task.ts';

type Script = Config['scripts'][number];

function canRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is pinned: the first argument that is a file of the owner's folder, else the program itself. */
function pinnedFile({ cwd, env }: Desk, argv: readonly string[]): string {
  const [program = '', ...rest] = argv;
  const script = rest.map((argument) => resolve(cwd, argument)).find((path) => canRead(path) && isFile(path));
  const inPath = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, program));
  const candidates = program.includes('/') || program.includes('\\') ? [resolve(cwd, program)] : inPath;
  const found = script ?? candidates.find((path) => canRead(path) && isFile(path));
  if (found === undefined) throw new DeskError(`There is no program "${program}". Say its path.`);
  return realpathSync(found);
}

function isFile(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}

const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('base64url');

async function add(desk: Desk, args: readonly string[]): Promise<number> {
  const cut = args.indexOf('--');
  const [name, ...extra] = cut === -1 ? args : args.slice(0, cut);
  const argv = cut === -1 ? [] : args.slice(cut + 1);
  if (name === undefined || argv.length === 0 || extra.length > 0)
    throw new DeskError('It goes like this: errand script add NAME -- PROGRAM ARGUMENTS…');
  const file = pinnedFile(desk, argv);
  const [program = '', ...rest] = argv;
  const script: Script = {
    name,
    file,
    argv: [program.includes('/') ? resolve(desk.cwd, program) : program, ...rest],
    cwd: desk.cwd,
    sha256: hashOf(file),
  };
  const { scripts } = await openConfig(desk);
  changeConfig(desk, { scripts: [...scripts.filter((one) => one.name !== name), script] });
  const agent = await findAgent(desk);
  await agent?.call({ do: 'reload' });
  agent?.close();
  desk.say(`"${name}" may be run from your phones now, without a question, as long as ${file} stays as it is.`);
  return 0;
}

function list(desk: Desk): number {
  const { scripts } = loadConfig(desk);
  if (scripts.length === 0) desk.say('No scripts. `errand script add NAME -- PROGRAM…` registers one.');
  for (const { name, argv, cwd, file, sha256 } of scripts) {
    const changed = canRead(file) && hashOf(file) === sha256 ? '' : '   CHANGED since it was added: a run asks first';
    desk.say(`${name}: ${argv.join(' ')} (in ${cwd})${changed}`);
  }
  return 0;
}

async function run(desk: Desk, [name]: readonly string[]): Promise<number> {
  if (name === undefined || !loadConfig(desk).scripts.some((one) => one.name === name)) {
    throw new DeskError(`There is no script "${name ?? ''}". \`errand script list\` shows them.`);
  }
  const agent = await requireAgent(desk);
  return followTask({
    desk,
    agent,
    request: { do: 'task', text: name, grants: [{ do: 'script', name }], thread: null, script: name },
    wait: true,
  });
}

/** Named scripts: registered here, run by name from a phone. */
export const script: Command = async (desk, [act, ...args]) => {
  switch (act) {
    case 'add':
      return add(desk, args);
    case 'list':
    case undefined:
      return list(desk);
    case 'run':
      return run(desk, args);
    default:
      throw new DeskError(`"${act}" is not known here. It is: errand script add, list or run.`);
  }
};
