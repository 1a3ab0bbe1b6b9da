/** Why there is no picture. */
export type CameraFault = 'refused' | 'none' | 'busy' | 'insecure';

export type Opened =
  | { readonly is: 'open'; readonly stream: MediaStream }
  | { readonly is: 'fault'; readonly why: CameraFault };

/** The camera that looks away from the person, or the only one. Must not throw. Whoever opened it stops its tracks. */
export async function openCamera({ isSecureContext, navigator }: Window): Promise<Opened> {
  // Browsers hide their cameras from pages that anybody on the way could have changed.
  if (!isSecureContext) return { is: 'fault', why: 'insecure' };
  // Some browsers have none of this, whatever the types say.
  const devices: MediaDevices | undefined = navigator.mediaDevices;
  if (!devices) return { is: 'fault', why: 'none' };
  try {
    const video = { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } };
    return { is: 'open', stream: await devices.getUserMedia({ video, audio: false }) };
  } catch (error) {
    return { is: 'fault', why: faultOf(error) };
  }
}

/** The names are those of Media Capture and Streams, section 10.3. */
function faultOf(error: unknown): CameraFault {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'none' : 'busy';
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
