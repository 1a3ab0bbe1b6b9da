import { grantsInWords } from '../../edge/protocol/words.ts';
import type { Grant } from '../../edge/protocol/grant.ts';
import type { Phone } from '../../mobile/state/phone.ts';
import { newDesktop, phoneFor, signUpAndPair, type Desktop } from './desktop.ts';
import { startFakeModel, taskText, type FakeModel, type FakeRequest, type FakeStep } from './fake-model.ts';

/** A desktop that works with a scripted model, and a phone paired with it. */
export interface Flow {
  readonly desktop: Desktop;
  readonly phone: Phone;
  readonly model: FakeModel;
  /** Sends an errand with the grants its words name, and more. Resolves with its id. */
  readonly send: (
    text: string,
    more?: { thread?: string; grants?: readonly Grant[]; script?: string },
  ) => Promise<string>;
  end(): Promise<void>;
}

export async function startFlow(
  prepare: (desktop: Desktop) => void | Promise<void>,
  env: Record<string, string> = {},
): Promise<Flow> {
  const model = startFakeModel();
  const desktop = newDesktop({ ANTHROPIC_API_KEY: 'test', ANTHROPIC_BASE_URL: model.url, ...env });
  await prepare(desktop);
  await desktop.start();
  const phone = await phoneFor(desktop);
  await signUpAndPair(desktop, phone);
  const desk = phone.view().desktops[0]?.device.kid ?? '';
  return {
    desktop,
    phone,
    model,
    send: (text, { grants = [], ...more } = {}) =>
      phone.errands.send({ desktop: desk, text, grants: [...grantsInWords(text), ...grants], ...more }),
    end: async () => {
      await phone.stop();
      await desktop.clear();
      await model.stop();
    },
  };
}

/** Of several scripts the one whose key is part of the task's own words. */
export const scriptFor =
  (scripts: Readonly<Record<string, readonly FakeStep[]>>) =>
  (request: FakeRequest): readonly FakeStep[] => {
    const brief = taskText(request);
    const words = brief.slice(brief.indexOf('The task:'));
    return Object.entries(scripts).find(([key]) => words.includes(key))?.[1] ?? [];
  };
