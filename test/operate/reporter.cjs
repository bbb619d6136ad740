/** Prints the figures of a run as a table. */
const { existsSync, readFileSync, rmSync } = require('node:fs');
const { join } = require('node:path');

const FILE = join(__dirname, '..', '..', 'dist', 'operate', 'figures.jsonl');

/** Whether a figure is what was asked; empty where it is not one number beside another. */
const met = (value, asked) => {
  const [, sign, most] = /^([<>≤≥]) ?([\d.]+)/u.exec(asked) ?? [];
  const [, number] = /^(-?[\d.]+)/u.exec(value) ?? [];
  if (sign === undefined || number === undefined) return '';
  const less = Number(number) < Number(most) || (sign === '≤' && Number(number) === Number(most));
  const more = Number(number) > Number(most) || (sign === '≥' && Number(number) === Number(most));
  return ('<≤'.includes(sign) ? less : more) ? 'yes' : '**no**';
};

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
      ['what', 'measured', 'asked', 'met'],
      ['---', '---', '---', '---'],
      ...rows.map(({ what, value, asked }) => [what, value, asked, met(value, asked)]),
    ];
    process.stdout.write(`\n${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`);
  }
};
