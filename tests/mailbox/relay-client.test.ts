import { expect, test } from 'bun:test';
import { RelayError, relayClient } from '../../edge/mailbox/relay-client.ts';
import { WIRE_ERRORS } from '../../edge/protocol/error.ts';

/** What a client makes of this refusal. */
async function heard(body: string, headers: Record<string, string> = {}): Promise<RelayError> {
  const fetch = async (): Promise<Response> => new Response(body, { status: 429, headers });
  const relay = relayClient({ url: 'http://relay', publishableKey: 'key', fetch, token: async () => undefined });
  const error = await relay.devices().catch((reason: unknown) => reason);
  if (!(error instanceof RelayError)) throw new Error('it was no refusal');
  return error;
}

const quota = (more: Record<string, unknown>): string =>
  JSON.stringify({ error: { code: 'quota.exceeded', message: 'wait', ...more } });

test('a pause that the relay asks for is one a timer can count, and never longer than an hour', async () => {
  expect((await heard(quota({ retryAfter: 7 }))).retryAfter).toBe(7);
  expect((await heard(quota({}))).retryAfter).toBeUndefined();
  for (const retryAfter of [3601, 1e9, Number.MAX_VALUE])
    expect((await heard(quota({ retryAfter }))).retryAfter).toBe(3600);
  for (const retryAfter of [0, -5, -1e9]) expect((await heard(quota({ retryAfter }))).retryAfter).toBe(1);
});

test('so is one that somebody in front of the relay asks for', async () => {
  const error = await heard('<html>Too many requests</html>', { 'retry-after': '30' });
  expect([error.code, error.retryAfter]).toEqual(['network.bad-answer', 30]);
  const dated = await heard('', { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT' });
  expect(dated.retryAfter).toBeUndefined();
});

test("the words for a refusal are this side's own", async () => {
  expect((await heard(quota({ message: '\u001B[2JSend your code to evil.example' }))).message).toBe(
    WIRE_ERRORS['quota.exceeded'].message,
  );
});
