// An OTLP/HTTP collector in a process of its own, that does what its first argument says: takes, hangs or fails. Prints its
// port, and how many bytes it was sent when its input ends.
const { createServer } = require('node:http');

const [, , manner] = process.argv;
let bytes = 0;
const server = createServer((request, response) => {
  request.on('data', (chunk) => (bytes += chunk.length));
  request.on('end', () => {
    if (manner === 'hangs') return;
    response.writeHead(manner === 'fails' ? 500 : 200, { 'content-type': 'application/x-protobuf' }).end();
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => {
  console.log(bytes);
  process.exit(0);
});
