import { expect, test } from 'bun:test';
import { PassThrough } from 'node:stream';
import { attend } from '../../../agent/cli/attend.ts';
import type { ControlClient } from '../../../agent/control/control-client.ts';
import type { Notice, Reply, Request } from '../../../agent/control/messages.ts';
import { freezeAction } from '../../../edge/protocol/ask.ts';
import { newId } from '../../../edge/protocol/id.ts';
import { until } from '../../support/until.ts';

async function question(t: string, name: string): Promise<Notice> {
  const { bytes } = await freezeAction({ v: 1, t, n: 1, act: { sink: 'read', path: `/home/me/${name}` } });
  return {
    say: 'ask',
    t,
    text: name,
    ask: { ask: newId(), why: 'It was not granted.', actions: [bytes], high: false, exp: 0 },
  };
}

/** An agent that says at once what is open, as the real one does when a terminal attaches. */
function agentWith(open: readonly Notice[]) {
  const asked: Request[] = [];
  let tell: (notice: Notice) => void = () => undefined;
  const client: ControlClient = {
    call: async (request): Promise<Reply> => {
      asked.push(request);
      if (request.do === 'attach') for (const notice of open) tell(notice);
      return { is: 'done' };
    },
    onNotice: (listener) => {
      tell = listener;
    },
    closed: new Promise(() => undefined),
    close: () => undefined,
  };
  return { asked, client };
}

test('a terminal that follows one errand neither shows nor answers the question of another', async () => {
  const t = newId();
  const { asked, client } = agentWith([await question(newId(), 'another'), await question(t, 'mine')]);
  const input = new PassThrough();
  const said: string[] = [];
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<void>();
  let mine: string | undefined;
  const attending = attend({
    agent: client,
    desk: { input, say: (text) => said.push(text), interrupted },
    mayPower: false,
    only: (notice) => 't' in notice && notice.t === mine,
    begin: async () => {
      mine = t;
    },
  });
  await until(
    () => said.join(),
    (words) => words.includes('/home/me/mine'),
  );
  input.write('n');
  await until(
    () => asked,
    (all) => all.some(({ do: what }) => what === 'answer'),
  );
  interrupt();
  await attending;
  expect(said.join()).not.toContain('/home/me/another');
});
