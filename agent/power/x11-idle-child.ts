import { dlopen, ptr, read } from 'bun:ffi';
import { writeSync } from 'node:fs';
import { stdin } from 'node:process';
import { createInterface } from 'node:readline';

// A program of its own: libX11 ends the process that loaded it when the display goes away.
// Each line on its input is answered by the milliseconds since the last input; it ends when its input closes.

/** `XScreenSaverInfo`: window, state, kind, til_or_since, idle, eventMask; `idle` is an unsigned long (64-bit systems). */
const IDLE_OFFSET = 24;
const STDOUT = 1;

const x11 = dlopen('libX11.so.6', {
  XOpenDisplay: { args: ['ptr'], returns: 'ptr' },
  XDefaultRootWindow: { args: ['ptr'], returns: 'u64' },
}).symbols;
const xss = dlopen('libXss.so.1', {
  XScreenSaverAllocInfo: { args: [], returns: 'ptr' },
  XScreenSaverQueryInfo: { args: ['ptr', 'u64', 'ptr'], returns: 'i32' },
  XScreenSaverQueryExtension: { args: ['ptr', 'ptr', 'ptr'], returns: 'i32' },
}).symbols;

function openDisplay() {
  const display = x11.XOpenDisplay(null);
  if (display === null) throw new Error('the display does not answer');
  const [events, errors] = [new Int32Array(1), new Int32Array(1)];
  if (xss.XScreenSaverQueryExtension(display, ptr(events), ptr(errors)) === 0) {
    throw new Error('the display has no screen saver extension');
  }
  return display;
}

const display = openDisplay();
const root = x11.XDefaultRootWindow(display);
const info = xss.XScreenSaverAllocInfo();
if (info === null) throw new Error('out of memory');

createInterface({ input: stdin }).on('line', () => {
  xss.XScreenSaverQueryInfo(display, root, info);
  writeSync(STDOUT, `${read.u64(info, IDLE_OFFSET)}\n`);
});
