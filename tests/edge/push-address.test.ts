import { describe, expect, test } from 'bun:test';
import { isPushAddress } from '../../edge/relay/push-address.ts';

describe('a push address', () => {
  const allowed = (address: string, pushAllowLoopback = false): boolean =>
    isPushAddress(address, { pushAllowLoopback });

  test.each([
    'https://fcm.googleapis.com/fcm/send/x',
    'https://updates.push.services.mozilla.com/wpush/v2/x',
    'https://web.push.apple.com/x',
    'https://wns2-par02p.notify.windows.com/w/?token=x',
  ])('%s is public', (address) => expect(allowed(address)).toBe(true));

  test.each([
    'http://fcm.googleapis.com/x',
    'https://fcm.googleapis.com:8443/x',
    'https://user:word@fcm.googleapis.com/x',
    'https://127.0.0.1/x',
    'https://0x7f000001/x',
    'https://2130706433/x',
    'https://169.254.169.254/latest',
    'https://[::1]/x',
    'https://[::ffff:10.0.0.1]/x',
    'https://localhost/x',
    'https://localhost./x',
    'https://printer.local/x',
    'https://db.internal/x',
    'https://intranet/x',
    'https://8.8.8.8/x',
    'ftp://push.example.org/x',
    'nonsense',
  ])('%s is not', (address) => expect(allowed(address)).toBe(false));

  test('on this machine is for tests only', () => {
    expect(allowed('http://127.0.0.1:9/x')).toBe(false);
    expect(allowed('http://127.0.0.1:9/x', true)).toBe(true);
    expect(allowed('http://10.0.0.1:9/x', true)).toBe(false);
  });
});
