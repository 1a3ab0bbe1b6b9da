import { createSignal, onCleanup, Show, type JSX } from 'solid-js';
import { useApp } from '../ui/app.ts';
import { closeCamera, openCamera, type CameraFault } from '../ui/camera.ts';
import { Notice } from '../ui/notice.tsx';
import { codeReader } from '../ui/read-code.ts';
import '../styles/scanner.css';

/** Milliseconds between two looks at the picture, and for which a code that is not ours is spoken of. */
const LOOK_EVERY = 120;
const SPEAK = 3000;

/** The camera, until it has seen a pairing code. It is off as soon as this is left. */
export function Scanner(props: { readonly onCode: (link: string) => void }): JSX.Element {
  const { phone, words } = useApp();
  const [fault, setFault] = createSignal<CameraFault>();
  const [foreignAt, setForeignAt] = createSignal(-Infinity);
  const [looks, setLooks] = createSignal(0);
  const left = new AbortController();
  onCleanup(() => left.abort());
  const isForeign = (): boolean => looks() - foreignAt() < SPEAK / LOOK_EVERY;

  async function look(video: HTMLVideoElement): Promise<void> {
    const opened = await openCamera(window);
    if (opened.is === 'fault') return void setFault(opened.why);
    const { stream } = opened;
    const stop = (): void => closeCamera(stream);
    if (left.signal.aborted) return stop();
    left.signal.addEventListener('abort', stop);
    video.srcObject = stream;
    const read = await codeReader(window);
    while (!left.signal.aborted) {
      const text = await read(video);
      if (text !== undefined && phone.pairing.reads(text) && !left.signal.aborted) return props.onCode(text);
      setLooks((count) => count + 1);
      if (text !== undefined) setForeignAt(looks());
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    }
  }
  return (
    <div class="stack">
      <Show when={fault()} fallback={<Viewfinder onVideo={(video) => void look(video)} />}>
        {(why) => (
          <div role="alert">
            <Notice kind="bad">{words.pair.camera[why()]}</Notice>
          </div>
        )}
      </Show>
      <p class="muted center" role="status">
        <Show when={!fault()}>{isForeign() ? words.pair.foreign : words.pair.aim}</Show>
      </p>
    </div>
  );
}

function Viewfinder(props: { readonly onVideo: (video: HTMLVideoElement) => void }): JSX.Element {
  const { words } = useApp();
  return (
    <div class="scanner">
      <video ref={(video) => props.onVideo(video)} autoplay muted playsinline aria-label={words.pair.picture} />
    </div>
  );
}
