import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, pssOfTree } from './measure.ts';
import { measureRelayHop } from './relay-hop.ts';
import { measureSockets } from './sockets.ts';
import { measureThroughput } from './throughput.ts';
import { paired } from '../support/paired.ts';
import type { RelayStack } from '../support/relay-stack.ts';
import { runStack } from '../support/running-stack.ts';

const RUNS = 5;

function medians(runs: readonly Record<string, number>[]): Record<string, number> {
  const names = Object.keys(runs[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(runs.map((run) => run[name] ?? Number.NaN))]));
}

/** The stack alone: warm starts, memory when idle, and one hop beside a bare commit. */
export async function measureStack(): Promise<Record<string, number>> {
  const data = mkdtempSync(join(tmpdir(), 'errand-bench-'));
  try {
    await (await runStack(data)).stop();
    const ready: number[] = [];
    const memory: number[] = [];
    const hops: Record<string, number>[] = [];
    const rates: Record<string, number>[] = [];
    let sockets: Record<string, number> = {};
    for (let run = 0; run < RUNS; run++) {
      const stack = await runStack(data);
      ready.push(stack.readyMs);
      await Bun.sleep(3000);
      memory.push(pssOfTree(stack.pid));
      // The ceremony needs no more of a stack than its address and its clients.
      const pair = await paired(stack as unknown as RelayStack);
      hops.push(await measureRelayHop(stack, pair, data));
      rates.push(await measureThroughput(stack as unknown as RelayStack));
      if (run === RUNS - 1) sockets = await measureSockets(stack, pair);
      await stack.stop();
    }
    return {
      stack_ready_warm_ms: median(ready),
      stack_pss_mb: median(memory),
      ...medians(hops),
      ...medians(rates),
      ...sockets,
    };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}
