import { createSignal, onCleanup, type Accessor } from 'solid-js';

export type Route =
  | { readonly at: 'threads' }
  | { readonly at: 'thread'; readonly id: string }
  | { readonly at: 'pair' }
  | { readonly at: 'devices' }
  | { readonly at: 'account' }
  | { readonly at: 'settings' };

export function readRoute(path: string): Route {
  const [first = '', second = ''] = path.split('/').filter((part) => part !== '');
  if (first === 't' && second !== '') return { at: 'thread', id: decodeURIComponent(second) };
  if (first === 'pair' || first === 'devices' || first === 'account' || first === 'settings') return { at: first };
  return { at: 'threads' };
}

/** The address as a signal, and the way to another one. */
export function createRoute(page: Window): { route: Accessor<Route>; go: (path: string, how?: 'instead') => void } {
  const [route, setRoute] = createSignal(readRoute(page.location.pathname));
  const read = (): void => {
    setRoute(readRoute(page.location.pathname));
    page.scrollTo(0, 0);
  };
  page.addEventListener('popstate', read);
  onCleanup(() => page.removeEventListener('popstate', read));
  return {
    route,
    go: (path, how) => {
      if (how === 'instead') page.history.replaceState(null, '', path);
      else page.history.pushState(null, '', path);
      read();
    },
  };
}
