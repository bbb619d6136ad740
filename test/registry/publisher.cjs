// A process that has a DATA_DIR: node publisher.cjs <dataDir, or options of the store as JSON> [<documents at a time>
// [<bytes>]]. It prints a line when the store is open, and a line for each version that was acknowledged. It ends with 1
// and the reason when it cannot open.
const { createHash, randomBytes } = require('node:crypto');
const { writeSync } = require('node:fs');
const { openStore } = require('../../dist/src/adapters/store/store.js');

const [, , dataDir, atATime = '0', bytes = '20000'] = process.argv;
const say = (line) => writeSync(1, `${JSON.stringify(line)}\n`);

async function publishing(registry, name) {
  for (;;) {
    const document = randomBytes(1 + Math.floor(Math.random() * Number(bytes)));
    const sha256 = createHash('sha256').update(document).digest('hex');
    try {
      const { version } = await registry.publish(name, { rows: document.length }, document);
      say({ name, version, sha256 });
    } catch (error) {
      say({ refused: error.code, message: error.message });
      return;
    }
  }
}

const place = dataDir.startsWith('{') ? JSON.parse(dataDir) : { dataDir };
openStore({ ...place, cacheBytes: 0 }).then(
  async ({ models: registry }) => {
    say({ open: true });
    const publishers = Array.from({ length: Number(atATime) }, (_, i) => publishing(registry, `m${i % 3}`));
    await Promise.all(publishers);
    // Holds the folder until it is killed.
    setInterval(() => undefined, 60_000);
  },
  (error) => {
    process.stderr.write(error.message);
    process.exitCode = 1;
  },
);
