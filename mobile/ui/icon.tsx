import type { JSX } from 'solid-js';

const PATHS = {
  back: 'M15 5l-7 7 7 7',
  send: 'M12 19V6M6 11.5L12 5.5l6 6',
  attach: 'M20 11.5l-8.2 8.2a5 5 0 01-7.1-7.1l8.6-8.6a3.4 3.4 0 014.8 4.8l-8.5 8.5a1.7 1.7 0 01-2.4-2.4l7.8-7.8',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  devices: 'M3 6.5h12v8.5H3zM1.5 18h11M17 9.5h5v9h-5z',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  script: 'M5 7l4 5-4 5M12 17h7',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  file: 'M7 3.5h7l4 4v13H7zM14 3.5v4h4',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6z',
  pen: 'M5 19l1-4L16.5 4.5l3 3L9 18z',
  spark: 'M12 4v5M12 15v5M4 12h5M15 12h5',
} satisfies Record<string, string>;
export type IconName = keyof typeof PATHS;

/** A picture beside words or inside a labelled button: it says nothing itself. */
export function Icon(props: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[props.name]} />
    </svg>
  );
}
