import { createContext, createSignal, onCleanup, useContext, type Accessor } from 'solid-js';
import type { Phone } from '../state/phone.ts';
import type { PhoneView } from '../state/view.ts';
import type { Words } from '../words/en.ts';
import type { Loss } from './loss.ts';
import type { Route } from './route.ts';

export type Notifying = 'on' | 'off' | 'denied' | 'none' | 'failed';

/** What screens need of the browser. */
export interface Surroundings extends Loss {
  /** Keys made here would not be found by the installed app. */
  readonly installFirst: boolean;
  readonly notifying: () => Notifying;
  /** Asks for the permission, subscribes, and asks to keep the phone's data; resolves with what came of it, never rejects. */
  readonly notify: () => Promise<Notifying>;
  readonly open: (file: File, how: 'open' | 'save') => void;
  readonly copy: (text: string) => Promise<void>;
  /** Hands a text to another app; undefined where the browser cannot. */
  readonly share: ((text: string) => Promise<void>) | undefined;
  readonly print: () => void;
}

export interface App {
  readonly phone: Phone;
  readonly view: Accessor<PhoneView>;
  readonly words: Words;
  readonly route: Accessor<Route>;
  /** `instead`: the way back does not lead here. */
  readonly go: (path: string, how?: 'instead') => void;
  /** Unix milliseconds, renewed every half minute: "last seen" grows old by itself. */
  readonly now: Accessor<number>;
  readonly around: Surroundings;
  readonly updated: Accessor<boolean>;
}

const AppContext = createContext<App>();
export const AppProvider = AppContext.Provider;

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error('a screen stands outside the app');
  return app;
}

/** The phone's view as a signal. */
export function viewOf(phone: Phone): Accessor<PhoneView> {
  const [view, setView] = createSignal(phone.view());
  onCleanup(phone.subscribe((next) => setView(next)));
  return view;
}
