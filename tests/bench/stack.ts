import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, pssOfTree } from './measure.ts';
import { measureRelayHop } from './relay-hop.ts';
import { runStack } from '../support/running-stack.ts';

const RUNS = 5;

/** The stack alone: warm starts, memory when idle, and one hop beside a bare commit. */
export async function measureStack(): Promise<Record<string, number>> {
  const data = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  try {
    await (await runStack(data)).stop();
    const ready: number[] = [];
    const memory: number[] = [];
    const hops: Record<string, number>[] = [];
    for (let run = 0; run < RUNS; run++) {
      const stack = await runStack(data);
      ready.push(stack.readyMs);
      await Bun.sleep(3000);
      memory.push(pssOfTree(stack.pid));
      hops.push(await measureRelayHop(stack, data));
      await stack.stop();
    }
    const names = Object.keys(hops[0] ?? {});
    return {
      stack_ready_warm_ms: median(ready),
      stack_pss_mb: median(memory),
      ...Object.fromEntries(names.map((name) => [name, median(hops.map((each) => each[name] ?? Number.NaN))])),
    };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}
