import { lazy, type Component } from 'solid-js';

/**
 * A screen that is fetched when it is first shown. Its file may be gone because a newer version of the app was put in its place:
 * then the page starts again as the newer one.
 */
export function later<Props extends object>(load: () => Promise<Component<Props>>): Component<Props> {
  return lazy(async () => {
    try {
      return { default: await load() };
    } catch (error) {
      if (navigator.onLine) window.location.reload();
      throw error;
    }
  });
}
