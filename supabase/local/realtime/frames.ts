import { nullable, object, optional, parse, string, tuple, unknown } from 'zod/mini';

/** One message of the Phoenix protocol. */
export type Frame = {
  joinRef: string | null;
  ref: string | null;
  topic: string;
  event: string;
  payload: unknown;
};

/** The protocol version a client asked for: 2.0.0 frames are arrays, 1.0.0 frames are objects. */
export type Version = 1 | 2;

const ref = nullable(optional(string()));
const arrayFrame = tuple([ref, ref, string(), string(), unknown()]);
const objectFrame = object({ join_ref: ref, ref, topic: string(), event: string(), payload: unknown() });

/** Throws when the text is no frame. */
export function readFrame(text: string, version: Version): Frame {
  const json: unknown = JSON.parse(text);
  if (version === 2) {
    const [joinRef, own, topic, event, payload] = parse(arrayFrame, json);
    return { joinRef: joinRef ?? null, ref: own ?? null, topic, event, payload };
  }
  const frame = parse(objectFrame, json);
  return { ...frame, joinRef: frame.join_ref ?? frame.ref ?? null, ref: frame.ref ?? null };
}

export function writeFrame({ joinRef, ref: own, topic, event, payload }: Frame, version: Version): string {
  if (version === 2) return JSON.stringify([joinRef, own, topic, event, payload]);
  return JSON.stringify({ topic, event, payload, ref: own, join_ref: joinRef });
}
