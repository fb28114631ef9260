/**
 * The cheapest model that keeps connections: answers every request without a body by the version of the port it came to.
 * Prints the ports, one for each version in its arguments, and serves until it is killed.
 */
import net, { type AddressInfo } from 'node:net';

const BODY = JSON.stringify({
  outputs: [
    { name: 'expected_delay_minutes', datatype: 'FP64', shape: [1], data: [12.5] },
    { name: 'late', datatype: 'BOOL', shape: [1], data: [false] },
  ],
});

const ports = process.argv.slice(2).map(async (version) => {
  const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-model-version: ${version}\r\n`;
  const answer = `${head}content-length: ${BODY.length}\r\n\r\n${BODY}`;
  const server = net.createServer((socket) => {
    let last = '';
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      const heads = (last + chunk).split('\r\n\r\n');
      last = heads.pop() ?? '';
      if (heads.length > 0) socket.write(answer.repeat(heads.length));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
});
console.log(`ports ${(await Promise.all(ports)).join(' ')}`);
