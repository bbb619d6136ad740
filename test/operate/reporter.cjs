/** Prints the figures of a run as a table. */
const { existsSync, readFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');

const FILE = join(__dirname, '..', '..', 'dist', 'operate', 'figures.jsonl');

module.exports = class {
  onRunStart() {
    rmSync(FILE, { force: true });
  }

  onRunComplete() {
    if (!existsSync(FILE)) return;
    const rows = readFileSync(FILE, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const lines = [
      ['what', 'measured', 'asked'],
      ['---', '---', '---'],
      ...rows.map(({ what, value, asked }) => [what, value, asked]),
    ];
    process.stdout.write(`\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
  }
};
