import { writeFileSync } from 'node:fs';
import { encode } from 'uqr';

const WIDTH = 640;
const HEIGHT = 480;
const FRAMES = 6;
/** Radians: nobody holds a phone straight. */
const TILT = 0.12;
/** Of 255, to either side. */
const NOISE = 28;

/** A film of a QR code as a camera sees it on a screen: tilted, grey, noisy, and drifting a little. The same film every time. */
export function writeQrVideo(file: string, text: string): void {
  const { data, size } = encode(text, { border: 4 });
  const random = noise(7);
  const parts: Buffer[] = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`)];
  const chroma = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  for (let frame = 0; frame < FRAMES; frame++) {
    const luma = Buffer.alloc(WIDTH * HEIGHT);
    const [cos, sin] = [Math.cos(TILT + frame * 0.01), Math.sin(TILT + frame * 0.01)];
    const module = 330 / size;
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const [dx, dy] = [x - WIDTH / 2 - frame, y - HEIGHT / 2 + frame];
        const column = Math.floor((dx * cos + dy * sin) / module + size / 2);
        const row = Math.floor((dy * cos - dx * sin) / module + size / 2);
        const dark = data[row]?.[column];
        const grey = dark === undefined ? 90 : dark ? 45 : 205;
        luma[y * WIDTH + x] = grey + Math.round((random() * 2 - 1) * NOISE);
      }
    }
    parts.push(Buffer.from('FRAME\n'), luma, chroma);
  }
  writeFileSync(file, Buffer.concat(parts));
}

/** Mulberry32. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
