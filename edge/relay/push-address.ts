const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
const PRIVATE_ENDS = ['.local', '.localhost', '.internal', '.lan', '.home.arpa', '.invalid', '.test'];

/**
 * Whether the relay may post to this address for a phone: https to a name of the public internet. Push services have names, so an
 * address in numbers is refused whatever it is. A public name that leads to a private machine gains nothing: that machine would
 * have to show a certificate for the name, and is sent only sealed bytes.
 */
export function isPushAddress(endpoint: string, { pushAllowLoopback }: { pushAllowLoopback: boolean }): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, username, password, port } = new URL(endpoint);
  if (username !== '' || password !== '') return false;
  if (pushAllowLoopback && LOOPBACK.has(hostname)) return protocol === 'https:' || protocol === 'http:';
  const name = hostname.replace(/\.$/, '');
  const isName = /\.[a-z][a-z0-9-]*$/.test(name) && !PRIVATE_ENDS.some((end) => name.endsWith(end));
  return protocol === 'https:' && port === '' && isName;
}
