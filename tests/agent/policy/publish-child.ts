import { toBytes } from '../../../edge/protocol/bytes.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { gate } from '../../../agent/policy/gate.ts';
import { CLEAN } from '../../../agent/policy/taint.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Publishes ~/Reports/deep/a.md and ends itself by kill -9 once the step named on the command line is done: the word 50,000 times. */
const [home = '', step = '', word = ''] = process.argv.slice(2);
const verdict = await gate({
  intents: [{ sink: 'write', path: '~/Reports/deep/a.md', content: toBytes(word.repeat(50_000)) }],
  task: {
    id: newId(),
    step: 1,
    grants: [{ do: 'write', path: '~/Reports', replace: true }],
    taint: CLEAN,
    workspace: null,
    wrote: new Map(),
  },
  rules: { v: 1, roots: [], sensitive: [], scripts: [] },
  desk: {
    platform: process.platform,
    home,
    own: [],
    run: newId(),
    keepBefore: ({ bytes }) => {
      writeFileSync(join(home, 'kept'), bytes ?? 'nothing');
      return Promise.resolve();
    },
    onStep: (done) => {
      if (done === step) process.kill(process.pid, 'SIGKILL');
    },
  },
});
if (verdict.verdict !== 'allow') throw new Error(JSON.stringify(verdict));
const [write] = verdict.opened;
if (write?.sink !== 'write') throw new Error('not a write');
console.log(JSON.stringify(await write.commit()));
