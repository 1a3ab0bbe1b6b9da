import * as z from 'zod/mini';

/** Reads the QR code in a video's present frame; undefined when there is none, or none that can be read. Must not throw. */
export type ReadCode = (video: HTMLVideoElement) => Promise<string | undefined>;

/** The browser's own detector where it has one for QR codes, else one in plain JS, fetched when it is needed. */
export async function codeReader(page: Window): Promise<ReadCode> {
  return (await ownReader(page)) ?? readerInPlainJs(page.document);
}

/** What is used of the Shape Detection API, which TypeScript does not know. */
const detectedSchema = z.array(z.object({ rawValue: z.string() }));
interface Detector {
  detect(source: HTMLVideoElement): Promise<unknown>;
}
interface DetectorClass {
  new (options: { formats: readonly string[] }): Detector;
  getSupportedFormats(): Promise<readonly string[]>;
}
const hasDetector = (page: Window): page is Window & { readonly BarcodeDetector: DetectorClass } =>
  'BarcodeDetector' in page;

async function ownReader(page: Window): Promise<ReadCode | undefined> {
  try {
    // It stands also where the system has nothing behind it, and then it knows no format.
    if (!hasDetector(page) || !(await page.BarcodeDetector.getSupportedFormats()).includes('qr_code')) return undefined;
    const detector = new page.BarcodeDetector({ formats: ['qr_code'] });
    return async (video) => {
      try {
        return detectedSchema.parse(await detector.detect(video))[0]?.rawValue;
      } catch {
        return undefined;
      }
    };
  } catch {
    return undefined;
  }
}

/** Pixels of a frame's longer side: enough for a code that fills a third of the picture. */
const LONGEST = 800;

async function readerInPlainJs(page: Document): Promise<ReadCode> {
  const { decodeQR } = await import('qr/decode.js');
  const canvas = page.createElement('canvas');
  const drawing = canvas.getContext('2d', { willReadFrequently: true });
  return async (video) => {
    const { videoWidth, videoHeight } = video;
    const scale = Math.min(1, LONGEST / Math.max(videoWidth, videoHeight));
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)];
    if (!drawing || !(width > 0 && height > 0)) return undefined;
    if (canvas.width !== width) [canvas.width, canvas.height] = [width, height];
    drawing.drawImage(video, 0, 0, width, height);
    try {
      return decodeQR(drawing.getImageData(0, 0, width, height), { timeLimit: 60 });
    } catch {
      return undefined;
    }
  };
}
