import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Stands in for the worker under a real supervisor. It notes what it hears in `<data>/heard`, and does what it is told by
 * ERRAND_FAKE: `stubborn` ignores the order to end, `crash` ends at once, `family` starts children of every kind.
 */

const data = process.env.ERRAND_DATA ?? '';
const manner = process.env.ERRAND_FAKE ?? '';
const settings = { lid: true, idle: true, idleMinutes: 30 };

const say = (words: unknown) => process.send?.(words);
const note = (words: unknown) => appendFileSync(join(data, 'heard'), `${JSON.stringify(words)}\n`);

if (manner.includes('crash')) process.exit(3);
if (manner.includes('family')) {
  spawn('sleep', ['86421'], { stdio: 'ignore' });
  spawn('sleep', ['86422'], { stdio: 'ignore', detached: true });
  // An orphan in a session of its own: its parent is dead when the worker ends.
  spawn('sh', ['-c', 'setsid sleep 86423 &'], { stdio: 'ignore' });
}

const T = 'T'.repeat(22);
const PHONE = { kid: 'K'.repeat(43), name: 'Pixel 8', mayPower: true, mayHistory: true, pairedAt: 0, lastHeard: null };

/** A task that ends as its words say, after it was announced, and before its number is known. */
function task(text: string) {
  const fate = text.includes('fail') ? 'failed' : 'done';
  say({ notice: { say: 'task', t: T, text, state: { is: 'running' } } });
  if (text.includes('endless')) return { is: 'task', t: T };
  say({ notice: { say: 'result', t: T, text: 'Three facts.', files: ['/reports/summary.docx'] } });
  say({ notice: { say: 'task', t: T, text, state: { is: 'ended', fate } } });
  return { is: 'task', t: T };
}

type Heard = { id?: number; request?: { do: string; text?: string }; order?: string };

const STATUS = { link: 'online', model: 'offline planner', running: 0, queued: 0, waiting: 0, phones: 0 };
const CODE = 'K7QMK7QMK7QMK7QMK7QM';

const replies: Record<string, (text: string) => unknown> = {
  status: () => ({ is: 'worker-status', status: STATUS }),
  devices: () => ({ is: 'devices', devices: manner.includes('phone') ? [PHONE] : [] }),
  task: (text) => (text === 'crash' ? process.exit(4) : task(text)),
  pair() {
    say({ notice: { say: 'claim', claim: 'claim-1', name: 'Pixel 8', digits: '418 203' } });
    return { is: 'offer', code: CODE, link: `http://127.0.0.1:4747/pair#${CODE}` };
  },
  allow() {
    say({ notice: { say: 'paired', name: 'Pixel 8' } });
    return { is: 'done' };
  },
};

process.on('message', (heard: Heard) => {
  note(heard);
  if (heard.order === 'end' && !manner.includes('stubborn')) process.exit(0);
  if (heard.request === undefined) return;
  const reply = replies[heard.request.do]?.(heard.request.text ?? '') ?? { is: 'done' };
  say({ id: heard.id, reply });
});
process.on('disconnect', () => {
  if (!manner.includes('stubborn')) process.exit(0);
});
note({ pid: process.pid });
say({ pulse: { ready: true, runningTask: false, lastPhoneWord: null, settings } });
