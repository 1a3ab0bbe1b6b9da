import { dlopen, ptr } from 'bun:ffi';
import { closeSync, openSync, read, writeSync } from 'node:fs';

/*
 * A wire between this network namespace and that of another process, which delays and loses packets as netem would (not every kernel
 * has it): `wire.ts <pid> <milliseconds each way> <share lost each way>`. A device `wire0` appears on both sides; whoever started
 * this gives them addresses once it said so.
 */

const [, , pid = '', delay = '0', loss = '0'] = process.argv;

const libc = dlopen('libc.so.6', {
  ioctl: { args: ['int', 'u64', 'ptr'], returns: 'int' },
  setns: { args: ['int', 'int'], returns: 'int' },
}).symbols;

// linux/if_tun.h, sched.h
const TUNSETIFF = 0x400454ca;
const IFF_TUN_NO_PI = 0x1001;
const CLONE_NEWNET = 0x40000000;

function openDevice(): number {
  const fd = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(40);
  request.write('wire0');
  request.writeInt16LE(IFF_TUN_NO_PI, 16);
  if (libc.ioctl(fd, TUNSETIFF, ptr(request)) !== 0) throw new Error('this system gives no TUN device');
  return fd;
}

function enter(namespace: string): void {
  const fd = openSync(namespace, 'r');
  if (libc.setns(fd, CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${namespace}`);
  closeSync(fd);
}

/** At once: the threads for reads and writes are few, and two of them wait for packets. */
function put(to: number, packet: Buffer): void {
  try {
    writeSync(to, packet);
  } catch {
    // The device is not up yet: lost like any other.
  }
}

function carry(from: number, to: number): void {
  const packet = Buffer.alloc(65_536);
  read(from, packet, 0, packet.length, null, (error, size) => {
    if (error) throw error;
    const copy = Buffer.from(packet.subarray(0, size));
    if (Math.random() >= Number(loss)) setTimeout(() => put(to, copy), Number(delay));
    carry(from, to);
  });
}

const here = openDevice();
enter(`/proc/${pid}/ns/net`);
const there = openDevice();
carry(here, there);
carry(there, here);
console.log('up');
