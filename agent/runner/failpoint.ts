/** Places where crash tests end the process. In production the hook does nothing. */
export type Failpoint =
  | 'turn.before-store'
  | 'turn.after-store'
  | 'step.before-intent'
  | 'step.after-intent'
  | 'step.after-effect'
  | 'step.after-outcome'
  | 'task.before-end'
  | 'task.after-end'
  | 'pair.pinned'
  | 'pair.confirmed'
  | 'rotate.before-key'
  | 'rotate.after-key'
  | 'rotate.announced'
  | 'rotate.registered';

export type FailpointHook = (name: Failpoint) => void;

/**
 * The hook for a crash test: `end` is called at the named point, or with `name:3` when it is reached for the third time.
 * Without a name nothing ever happens.
 */
export function failpointNamed(spec: string | undefined, end: () => void): FailpointHook {
  if (spec === undefined) return () => undefined;
  const [wanted, times = '1'] = spec.split(':');
  let left = Number(times);
  return (name) => {
    if (name === wanted && --left === 0) end();
  };
}
