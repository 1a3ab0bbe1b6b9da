import { dlopen, FFIType } from 'bun:ffi';

export type Subreaper = {
  /** Collects a dead child that nobody else waits for. */
  reap: (pid: number) => void;
};

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;

/**
 * Orphans of the worker become this process's children (prctl(2)), so that they can be found and ended. Linux only; elsewhere, and
 * without a loadable C library, orphans go to the system and only the worker's own process group is ended.
 */
export function becomeSubreaper(platform: string): Subreaper {
  if (platform !== 'linux') return { reap() {} };
  try {
    const { prctl, waitpid } = dlopen('libc.so.6', {
      prctl: { args: [FFIType.i32, FFIType.u64, FFIType.u64, FFIType.u64, FFIType.u64], returns: FFIType.i32 },
      waitpid: { args: [FFIType.i32, FFIType.ptr, FFIType.i32], returns: FFIType.i32 },
    }).symbols;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return { reap: (pid) => void waitpid(pid, null, WNOHANG) };
  } catch {
    return { reap() {} };
  }
}
