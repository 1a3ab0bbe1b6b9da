/** Two sticky bits of a task. `untrusted`: it has read what an attacker may have written. `private`: it has read what is the owner's alone. */
export interface Taint {
  readonly untrusted: boolean;
  readonly private: boolean;
}

export const CLEAN: Taint = { untrusted: false, private: false };

/** There is no way back inside a task: bits only add up. */
export const addTaint = (...taints: readonly Taint[]): Taint => ({
  untrusted: taints.some((taint) => taint.untrusted),
  private: taints.some((taint) => taint.private),
});
