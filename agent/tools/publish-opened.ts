import type { Opened } from '../policy/opened.ts';
import { CLEAN } from '../policy/taint.ts';
import { failed, safely, sizeOf, told, ToolError } from './result.ts';
import type { ToolRun } from './tool.ts';

/** How every writing tool ends: the bytes were made for the intent, so all that is left is to publish them. */
export const publishOpened = (opened: readonly Opened[], signal: AbortSignal): Promise<ToolRun> =>
  safely(opened, signal, async () => {
    const [write] = opened;
    if (write?.sink !== 'write') throw new ToolError('Nothing was opened to write to.');
    const committed = await write.commit();
    if (!committed.done) return failed(committed.why);
    const verb = write.before === null ? 'Wrote' : 'Replaced';
    return { ...told(`${verb} ${write.path} (${sizeOf(write.after.size)}).`, CLEAN), files: [write.path] };
  });
