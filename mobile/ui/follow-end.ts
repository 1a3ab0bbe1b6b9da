import { onCleanup, onMount } from 'solid-js';

/** Pixels from the end within which a reader counts as being there. */
const NEAR = 140;

/** Keeps the end of a page in sight unless the reader went up to read. Call the result whenever the page grew. */
export function followEnd(page: Window): () => void {
  let following = true;
  const { documentElement } = page.document;
  const look = (): void => {
    following = documentElement.scrollHeight - page.innerHeight - page.scrollY < NEAR;
  };
  const follow = (): void => {
    if (following) page.scrollTo(0, documentElement.scrollHeight);
  };
  page.addEventListener('scroll', look, { passive: true });
  onCleanup(() => page.removeEventListener('scroll', look));
  onMount(follow);
  return () => void page.requestAnimationFrame(follow);
}
