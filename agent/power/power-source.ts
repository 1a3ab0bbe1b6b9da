/** One thing read from the system, or one sentence about why it could not be read. */
export type Fact<T> = { known: true; value: T } | { known: false; why: string };

export type PowerFacts = {
  lid: Fact<'open' | 'closed'>;
  /** an external display or a dock is connected */
  docked: Fact<boolean>;
  /** milliseconds since the last keyboard or pointer input */
  idleMs: Fact<number>;
  /** sleep has been announced and not yet been taken back */
  sleeping: boolean;
  onAc: Fact<boolean>;
  /** 0 to 100 */
  batteryPercent: Fact<number>;
  locked: Fact<boolean>;
};

type Known<T> = T extends { known: true; value: infer Value } ? Value : T extends { known: false } ? 'unknown' : T;

/** `gaps` has one sentence for each field that is 'unknown'. */
export type PowerState = { [Name in keyof PowerFacts]: Known<PowerFacts[Name]> } & {
  gaps: readonly string[];
};

/** Must not throw and must not hang: what cannot be read is 'unknown', and `gaps` says why. */
export type PowerSource = {
  read(): Promise<PowerState>;
  close(): void;
};

export function known<T>(value: T): Fact<T> {
  return { known: true, value };
}

export function unknown(why: string): { known: false; why: string } {
  return { known: false, why };
}

export function mapFact<From, To>(fact: Fact<From>, convert: (value: From) => To): Fact<To> {
  return fact.known ? known(convert(fact.value)) : fact;
}

function valueOf<T>(fact: Fact<T>): T | 'unknown' {
  return fact.known ? fact.value : 'unknown';
}

export function powerState(facts: PowerFacts): PowerState {
  const { lid, docked, idleMs, onAc, batteryPercent, locked } = facts;
  const gaps = Object.entries({ lid, docked, idleMs, onAc, batteryPercent, locked }).flatMap(([name, fact]) =>
    fact.known ? [] : [`${name}: ${fact.why}`],
  );
  return {
    lid: valueOf(lid),
    docked: valueOf(docked),
    idleMs: valueOf(idleMs),
    sleeping: facts.sleeping,
    onAc: valueOf(onAc),
    batteryPercent: valueOf(batteryPercent),
    locked: valueOf(locked),
    gaps,
  };
}
