import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Grant } from '../../edge/protocol/grant.ts';
import { newId } from '../../edge/protocol/id.ts';
import { gate, type Verdict } from '../../agent/policy/gate.ts';
import type { Intent } from '../../agent/policy/intent.ts';
import type { Rules, Script } from '../../agent/policy/rules.ts';
import type { Desk, GateTask } from '../../agent/policy/surroundings.ts';
import { CLEAN } from '../../agent/policy/taint.ts';
import { spawnApart } from '../../agent/tools/apart/spawn-apart.ts';
import { spawnCommand } from '../../agent/tools/spawn-command.ts';
import type { Tool, ToolContext, ToolRun } from '../../agent/tools/tool.ts';

type Kept = Parameters<Desk['keepBefore']>[0];

/** A home folder of its own, with the real gate and real files in it. */
export interface TempDesk {
  readonly home: string;
  readonly desk: Desk;
  readonly kept: Kept[];
  readonly rules: { roots: string[]; sensitive: string[]; scripts: Script[] };
  readonly controller: AbortController;
  put(path: string, content: string | Uint8Array): Promise<string>;
  ask(intents: readonly Intent[], task?: Partial<GateTask>, answered?: ReadonlySet<string>): Promise<Verdict>;
  /** A tool call as the runner makes it: input parsed, gate asked, tool run, verdict closed. */
  call<Input>(tool: Tool<Input>, input: unknown, grants: readonly Grant[]): Promise<ToolRun>;
  remove(): Promise<void>;
}

const TASK: GateTask = { id: newId(), step: 1, grants: [], taint: CLEAN, workspace: null, wrote: new Map() };

export async function tempDesk({ limits }: { limits?: { ms: number; bytes: number } } = {}): Promise<TempDesk> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'errand-desk-')));
  const kept: Kept[] = [];
  const rules: TempDesk['rules'] = { roots: [], sensitive: [], scripts: [] };
  const desk: Desk = {
    platform: process.platform,
    home,
    own: [join(home, 'errand-data')],
    run: newId(),
    keepBefore: (image) => {
      kept.push(image);
      return Promise.resolve();
    },
  };
  const controller = new AbortController();
  const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
  const run = spawnCommand(env);
  const apart = spawnApart({ bun: process.execPath, env, ...(limits && { limits }) });
  const context: ToolContext = { signal: controller.signal, home, clock: Date.now, run, apart };
  const ask: TempDesk['ask'] = (intents, task = {}, answered = new Set()) => {
    const whole: Rules = { v: 1, ...rules };
    return gate({ intents, task: { ...TASK, ...task }, rules: whole, desk, answered });
  };
  return {
    home,
    desk,
    kept,
    rules,
    controller,
    ask,
    put: async (path, content) => {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), content);
      return join(home, path);
    },
    call: async (tool, input, grants) => {
      const parsed = tool.input.parse(input);
      const verdict = await ask(await tool.intents(parsed, context), { grants });
      if (verdict.verdict !== 'allow') {
        return {
          content: verdict.verdict === 'deny' ? verdict.why : `ask: ${verdict.why}`,
          failed: true,
          taint: CLEAN,
        };
      }
      try {
        return await tool.run(parsed, verdict.opened, context);
      } finally {
        await verdict.close();
      }
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
