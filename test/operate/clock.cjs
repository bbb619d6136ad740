/**
 * Steps of the wall clock for a service process: `node --require test/operate/clock.cjs dist/src/main.js`. CLOCK_FILE holds
 * by how many milliseconds the clock of every thread is ahead (negative: behind), read anew every few milliseconds. The
 * monotonic clock goes on as it does on a machine whose wall clock is set.
 */
const { readFileSync } = require('node:fs');

const { CLOCK_FILE } = process.env;
const RealDate = Date;
let step = 0;
let read = -Infinity;

function ahead() {
  const now = performance.now();
  if (now - read > 5) {
    read = now;
    const text = readFileSync(CLOCK_FILE, 'utf8');
    if (text !== '') step = Number(text);
  }
  return step;
}

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + ahead());
    else super(...args);
  }

  static now() {
    return RealDate.now() + ahead();
  }
};
