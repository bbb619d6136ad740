/**
 * Faults for a service process: `node --require test/operate/faults.cjs dist/src/main.js`. In a lane's thread it waits for
 * requests whose id says which fault they are to meet, such as `fault-trap-17`, and lets it happen inside the kernel call
 * that the request makes first, or, for `fault-helper-trap-17`, inside the first call of a lane that helps. What happens is
 * real: the kernel of the service reads outside its memory, the thread exits, its heap fills. On standard error it says when
 * which thread met a fault, and from when on it takes requests (again): `LANE fault|free <thread> <milliseconds>`.
 */
const { writeSync } = require('node:fs');
const { isMainThread, parentPort, threadId } = require('node:worker_threads');

/** (module (func (export "unreachable") unreachable) (func (export "loop") (loop br 0))) */
const FAULTY = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 3, 2, 0, 0, 7, 22, 2, 11, 117, 110, 114, 101, 97, 99,
  104, 97, 98, 108, 101, 0, 0, 4, 108, 111, 111, 112, 0, 1, 10, 13, 2, 3, 0, 0, 11, 7, 0, 3, 64, 12, 0, 11,
  11,
]);

if (!isMainThread && parentPort !== null) {
  const say = (what) => writeSync(2, `LANE ${what} ${threadId} ${Date.now()}\n`);
  const { postMessage } = parentPort;
  parentPort.postMessage = function (message, ...rest) {
    postMessage.call(this, message, ...rest);
    if (message.type !== 'ready' && (!met || message.type === 'wants')) return;
    met = false;
    say('free');
  };
  let met = false;
  const kept = [];
  const faulty = new WebAssembly.Instance(new WebAssembly.Module(FAULTY)).exports;
  const faults = {
    trap: (kernel, rest) => kernel(0xfffffff0, ...rest),
    unreachable: () => faulty.unreachable(),
    throw: () => {
      throw new Error('a fault that a test asked for');
    },
    loop: () => {
      for (;;);
    },
    wasmloop: () => faulty.loop(),
    heap: () => {
      for (;;) kept.push({ a: kept.length, b: [kept.length] });
    },
    exit: () => process.exit(3),
  };
  let lead;
  let help;
  const memories = new Map();
  const armed = (kernel, which) =>
    function (...args) {
      const fault = which === 'lead' ? lead : help;
      if (fault === undefined) return kernel(...args);
      lead = undefined;
      help = undefined;
      met = true;
      say('fault');
      return faults[fault](kernel, args.slice(1));
    };
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function (module, imports) {
    const instance = new Instance(module, imports);
    const { team_lead, team_help } = instance.exports;
    if (team_lead === undefined) return instance;
    const exports = { ...instance.exports };
    exports.team_lead = armed(team_lead, 'lead');
    exports.team_help = armed(team_help, 'help');
    return { exports };
  };
  WebAssembly.Instance.prototype = Instance.prototype;

  // A helper is not told whose request it helps with: the leader writes the fault where the service has left room.
  const names = Object.keys(faults);
  const placeOf = ({ arena, memory, start }) => {
    if (memory !== undefined) memories.set(arena, memory);
    const known = memories.get(arena);
    return new Int32Array(known instanceof SharedArrayBuffer ? known : known.buffer, start - 32, 1);
  };
  const { on } = parentPort;
  parentPort.on = function (event, listener) {
    if (event !== 'message') return on.call(this, event, listener);
    return on.call(this, event, (message) => {
      if (message.type === 'job') {
        const [, whose, fault] = /^fault-(helper-)?([a-z]+)-\d+$/u.exec(message.job.requestId) ?? [];
        lead = whose === undefined ? fault : undefined;
        Atomics.store(placeOf(message), 0, whose === undefined ? 0 : names.indexOf(fault) + 1);
      }
      if (message.type === 'help') help = names[Atomics.exchange(placeOf(message), 0, 0) - 1];
      listener(message);
    });
  };
}
