import { concat } from '../../../edge/protocol/bytes.ts';
import { orderSchema, type Job } from './job.ts';

type Bytes = Uint8Array<ArrayBuffer>;

const NEWLINE = 10;

class Input {
  private readonly chunks: AsyncIterator<Bytes>;
  private left: Bytes = new Uint8Array();

  constructor(stream: AsyncIterable<Bytes>) {
    this.chunks = stream[Symbol.asyncIterator]();
  }

  /** Undefined when the stream ends before the line does. */
  async line(): Promise<string | undefined> {
    let text: Bytes = new Uint8Array();
    for (;;) {
      const end = this.left.indexOf(NEWLINE);
      text = concat(text, end === -1 ? this.left : this.left.subarray(0, end));
      this.left = end === -1 ? new Uint8Array() : this.left.subarray(end + 1);
      if (end !== -1) return new TextDecoder().decode(text);
      if (!(await this.more())) return undefined;
    }
  }

  /** Memory is taken once: a document may be a hundred megabytes. */
  async bytes(size: number): Promise<Bytes | undefined> {
    const all = new Uint8Array(size);
    for (let filled = 0; filled < size;) {
      if (this.left.length === 0 && !(await this.more())) return undefined;
      const part = this.left.subarray(0, size - filled);
      all.set(part, filled);
      filled += part.length;
      this.left = this.left.subarray(part.length);
    }
    return all;
  }

  private async more(): Promise<boolean> {
    const next = await this.chunks.next();
    this.left = next.done === true ? new Uint8Array() : next.value;
    return next.done !== true;
  }
}

/** The jobs in a stream, each with its bytes. One that was not sent to its end is left out. */
export async function* ordersIn(stream: AsyncIterable<Bytes>): AsyncGenerator<{ job: Job; bytes: Bytes }> {
  const input = new Input(stream);
  for (let line = await input.line(); line !== undefined; line = await input.line()) {
    const { job, size } = orderSchema.parse(JSON.parse(line));
    const bytes = await input.bytes(size);
    if (bytes) yield { job, bytes };
  }
}
