import type { Model } from '../../agent/runner/model.ts';

/** A model that makes these calls, one a turn, and ends. */
export const calling = (...calls: readonly { name: string; input: unknown }[]): Model => ({
  name: 'a list of calls',
  next: async ({ messages }) => {
    const i = messages.filter(({ role }) => role === 'assistant').length;
    const call = calls[i];
    return call
      ? { content: [{ type: 'tool_use', id: `c${i}`, ...call }], stop_reason: 'tool_use' }
      : { content: [{ type: 'text', text: 'Done.' }], stop_reason: 'end_turn' };
  },
});
