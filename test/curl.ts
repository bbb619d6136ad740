/** What the examples use of curl, for hosts that have none. */
export const STAND_IN = `#!${process.execPath}
const { readFileSync } = require('node:fs');
const headers = {};
let url, body;
const args = process.argv.slice(2);
while (args.length > 0) {
  const arg = args.shift();
  if (arg === '-H') {
    const [name, value] = args.shift().split(': ');
    headers[name] = value;
  } else if (arg === '-d') body = args.shift();
  else if (arg === '--data-binary') {
    const source = args.shift().slice(1);
    body = readFileSync(source === '-' ? 0 : source);
  } else if (arg === '-F') {
    const [name, value] = args.shift().split(/=([^]*)/);
    body ??= new FormData();
    if (value.startsWith('@')) body.set(name, new File([readFileSync(value.slice(1))], value.slice(1)));
    else body.set(name, value);
  } else if (arg !== '-s') url = arg;
}
fetch(url, { method: body === undefined ? 'GET' : 'POST', headers, body })
  .then((answer) => answer.text())
  .then((text) => process.stdout.write(text));
`;
