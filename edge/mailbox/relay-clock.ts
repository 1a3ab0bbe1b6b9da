/** A difference that no delay on the way explains. Below it a device goes by its own clock. */
const WRONG_S = 120;
/** The relay is not believed more than a day: an envelope must not come to live much longer than its sender meant. */
const BELIEVED_S = 86_400;

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The time as envelopes carry it, by a clock that may be wrong. All in Unix seconds. */
export interface RelayClock {
  /** The same fetch; each answer's `date` says what time it is at the relay. */
  readonly fetch: Fetch;
  /** For what is sealed and proven here: the relay has to take it, and another device. */
  readonly sending: () => number;
  /** For what is judged here. Never earlier than this device's own clock: the relay cannot bring back what has expired. */
  readonly receiving: () => number;
  /** How far this device's clock is behind the relay's (negative: ahead); 0 as long as it is right. */
  readonly behind: () => number;
}

/** `now` in Unix milliseconds. */
export function relayClock(options: { fetch: Fetch; now: () => number }): RelayClock {
  let difference = 0;
  const own = (): number => Math.floor(options.now() / 1000);
  function learn(date: string | null): void {
    const seconds = date === null ? Number.NaN : Date.parse(date) / 1000 - own();
    if (Number.isNaN(seconds)) return;
    difference = Math.abs(seconds) < WRONG_S ? 0 : Math.max(-BELIEVED_S, Math.min(BELIEVED_S, Math.round(seconds)));
  }
  return {
    fetch: async (url, init) => {
      const asked = own();
      const response = await options.fetch(url, init);
      // A device that slept in between would take the time it fell asleep at for the relay's.
      if (Math.abs(own() - asked) < WRONG_S) learn(response.headers.get('date'));
      return response;
    },
    sending: () => own() + difference,
    receiving: () => own() + Math.max(0, difference),
    behind: () => difference,
  };
}
