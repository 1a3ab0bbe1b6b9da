import { connect, createServer } from 'node:net';

/* HOST PORT SOCKET: what connects there goes on into the socket, bytes as they are. Says one line once it listens. */

const [host = '', port = '0', socket = ''] = process.argv.slice(2);

const server = createServer((near) => {
  const far = connect(socket);
  near.pipe(far).pipe(near);
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
});
server.listen(Number(port), host, () => process.stdout.write('listening\n'));
