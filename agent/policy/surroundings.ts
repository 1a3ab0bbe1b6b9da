import type { Grant } from '../../edge/protocol/grant.ts';
import type { Authority } from './authority.ts';
import type { Platform } from './names.ts';
import type { PublishDesk } from './publish.ts';
import type { Script } from './rules.ts';
import type { Sensitive } from './sensitive.ts';
import type { Taint } from './taint.ts';

/** The machine the gate stands on. Built by the entry file. */
export interface Desk extends PublishDesk {
  readonly platform: Platform;
  readonly home: string;
  /** The agent's own folders (data, program): never read and never written, but for the task's workspace inside. */
  readonly own: readonly string[];
}

/** A file this task published, as it left it. */
export interface Written {
  readonly sha256: string;
  /** The task's bits when it wrote. */
  readonly taint: Taint;
}

export interface GateTask {
  readonly id: string;
  /** The step's number: an approval is good for this step only. */
  readonly step: number;
  readonly grants: readonly Grant[];
  readonly taint: Taint;
  readonly workspace: string | null;
  /** By real path. */
  readonly wrote: ReadonlyMap<string, Written>;
}

/** All that an intent is weighed against. */
export interface Surroundings {
  readonly desk: Desk;
  readonly task: GateTask;
  readonly scripts: readonly Script[];
  readonly authority: Authority;
  readonly sensitive: Sensitive;
}
