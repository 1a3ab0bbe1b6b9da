import { expect, test } from 'bun:test';
import { noticeWords, short } from '../../../agent/cli/notice-words.ts';
import type { Notice } from '../../../agent/control/messages.ts';
import { fateSchema } from '../../../edge/protocol/task.ts';

const T = 'A'.repeat(22);
const task = (state: Extract<Notice, { say: 'task' }>['state']): Notice => ({
  say: 'task',
  t: T,
  text: 'Tidy up',
  state,
});

test('every fate has words that name the errand', () => {
  for (const fate of fateSchema.options)
    expect(noticeWords(task({ is: 'ended', fate, why: 'No paper.' }))).toContain('Tidy up');
});

test('what failed says why', () => {
  expect(noticeWords(task({ is: 'ended', fate: 'failed', why: 'No paper.' }))).toBe('Failed: Tidy up. No paper.');
});

test('what is paused says why in words', () => {
  expect(noticeWords(task({ is: 'parked', why: 'model-unavailable' }))).toBe(
    'Paused, because the model does not answer just now: Tidy up',
  );
});

test('waiting and queued say nothing: the question itself and the start do', () => {
  expect(noticeWords(task({ is: 'queued' }))).toBeUndefined();
  expect(noticeWords(task({ is: 'waiting', ask: T }))).toBeUndefined();
});

test('a result names its files', () => {
  const words = noticeWords({ say: 'result', t: T, text: 'Three facts.', files: ['/home/me/Reports/summary.docx'] });
  expect(words).toBe('Three facts.\n  /home/me/Reports/summary.docx');
});

test('being ready is no news, a closed lid and a crash are', () => {
  expect(noticeWords({ say: 'presence', presence: 'idle', why: 'Ready for errands.' })).toBeUndefined();
  expect(noticeWords({ say: 'presence', presence: 'lid-closed', why: 'The lid is closed.' })).toBe(
    'The lid is closed.',
  );
  expect(noticeWords({ say: 'presence', presence: 'idle', why: 'It crashed 4 times.' })).toContain('crashed');
});

test('long words of a person are cut to one line', () => {
  expect(short(`a\n${'b'.repeat(300)}`).length).toBe(100);
});
