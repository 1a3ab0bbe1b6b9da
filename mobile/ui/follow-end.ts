import { onCleanup, onMount } from 'solid-js';

/** Pixels from the end within which a reader counts as being there. */
const NEAR = 140;

export interface FollowEnd {
  /** The page grew: its end stays in sight, unless the reader went up to read. */
  grew(): void;
  /** The reader wrote something: the end is where it appears. */
  wrote(): void;
}

export function followEnd(page: Window): FollowEnd {
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
  const soon = (): void => void page.requestAnimationFrame(follow);
  return {
    grew: soon,
    wrote: () => {
      following = true;
      soon();
    },
  };
}
