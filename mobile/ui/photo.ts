/** Pixels of the longer side of a photo that travels. */
const LONGEST = 1600;
const QUALITY = 0.85;

export interface Attachment {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A chosen file, photos made small enough to travel. A picture this browser cannot decode travels as it is. */
export async function readAttachment(file: File): Promise<Attachment> {
  const small = file.type.startsWith('image/') ? await smaller(file) : undefined;
  const { name, type } = small ?? file;
  const bytes = new Uint8Array(await (small ?? file).arrayBuffer());
  return { name: name.slice(-255), type: type || 'application/octet-stream', bytes };
}

async function smaller(file: File): Promise<File | undefined> {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = LONGEST / Math.max(picture.width, picture.height);
    if (scale >= 1 && file.type === 'image/jpeg') return undefined;
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(picture.width * Math.min(1, scale));
    canvas.height = Math.round(picture.height * Math.min(1, scale));
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', QUALITY));
    return blob ? new File([blob], file.name.replace(/\.[^.]+$/, '') + '.jpg', { type: 'image/jpeg' }) : undefined;
  } catch {
    return undefined;
  }
}
