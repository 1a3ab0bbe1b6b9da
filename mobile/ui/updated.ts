import { createSignal, type Accessor } from 'solid-js';

/** True once a newer version of the app took over from the one this page came from: the files of the page's own are gone then. */
export function createUpdated(workers: ServiceWorkerContainer | undefined): Accessor<boolean> {
  const [updated, setUpdated] = createSignal(false);
  // The first worker of all takes over a page of its own version.
  let first = !workers?.controller;
  workers?.addEventListener('controllerchange', () => {
    if (!first) setUpdated(true);
    first = false;
  });
  return updated;
}
