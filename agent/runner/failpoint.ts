/** Places where crash tests end the process. In production the hook does nothing. */
export type Failpoint =
  | 'turn.before-store'
  | 'turn.after-store'
  | 'step.before-intent'
  | 'step.after-intent'
  | 'step.after-effect'
  | 'step.after-outcome'
  | 'task.before-end'
  | 'task.after-end';

export type FailpointHook = (name: Failpoint) => void;
