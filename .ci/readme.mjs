// Writes the README's tables of options from the schemas that requests are validated with. --check: says whether they are.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(join(root, 'package.json'));
const { endpoints } = require(join(root, 'dist', 'src', 'domain', 'endpoints.js'));
const { hypothesisTests } = require(join(root, 'dist', 'src', 'domain', 'hypothesis', 'tests.js'));

/** What a client may leave out of an option, and what that means. */
const fallback = (schema, required) =>
  schema.default !== undefined ? `\`${JSON.stringify(schema.default)}\`` : required ? '**required**' : '';

const cell = (text) => text.replaceAll('|', '\\|').replaceAll(/\s+/gu, ' ');

/** A table as short as it can be: the README is read as text, too. */
const table = (head, rows) => {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return ['<!-- prettier-ignore -->', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
};

const choices = ({ enum: words }) =>
  words === undefined ? '' : ` One of ${words.map((word) => `\`${word}\``).join(', ')}.`;

const options = (name) => {
  const { properties, required = [] } = endpoints.find((endpoint) => endpoint.name === name).options;
  return table(
    ['option', 'default', 'meaning'],
    Object.entries(properties).map(([option, schema]) => [
      `\`${option}\``,
      fallback(schema, required.includes(option)),
      cell(`${schema.description ?? ''}${choices(schema)}`),
    ]),
  );
};

/** Parameters of a test or of a step in one cell, `name` with its default. */
const inline = (properties, required = []) =>
  Object.entries(properties)
    .map(([name, schema]) => {
      const given = fallback(schema, required.includes(name)).replaceAll('`', '').replaceAll('**', '');
      return given === ''
        ? `\`${name}\``
        : given === 'required'
          ? `\`${name}\` (required)`
          : `\`${name}=${given}\``;
    })
    .map(cell)
    .join(' ');

const data = ({ kind, least, most }) => {
  const count =
    least === most
      ? String(least)
      : most === null || most === Infinity
        ? `${least} or more`
        : `${least} to ${most}`;
  if (kind === 'pairs') return `${count} columns, row by row`;
  if (kind === 'table') return 'a table of counts';
  return most === 1 ? '1 sample' : `${count} samples`;
};

const tests = () =>
  table(
    ['test', 'takes', 'its own options'],
    hypothesisTests.map(({ name, takes, options: own }) => [
      `\`${name}\``,
      data(takes),
      inline(own.properties, own.required),
    ]),
  );

const steps = () => {
  const { parts } = endpoints.find(({ name }) => name === 'features');
  return table(
    ['step', 'its parameters'],
    [...parts].map(([name, { properties, required }]) => {
      const own = Object.fromEntries(
        Object.entries(properties).filter(([key]) => key !== 'name' && key !== 'columns'),
      );
      return [`\`${name}\``, inline(own, required)];
    }),
  );
};

const estimators = () => {
  const { parts } = endpoints.find(({ name }) => name === 'models.fit');
  const { estimators: known } = require(join(root, 'dist', 'src', 'domain', 'models', 'estimators.js'));
  return table(
    ['estimator', 'task', 'its parameters'],
    [...known].map(([name, { task }]) => {
      const { properties, required } = parts.get(name);
      const own = Object.fromEntries(
        Object.entries(properties).filter(([key]) => key !== 'name' && key !== 'columns'),
      );
      return [`\`${name}\``, task, inline(own, required)];
    }),
  );
};

const settings = () => {
  const { settingsSchema, MACHINE_DEFAULTS } = require(join(root, 'dist', 'src', 'settings.js'));
  return table(
    ['variable', 'default', 'meaning'],
    Object.entries(settingsSchema.properties).map(([name, { default: value, description }]) => [
      `\`${name}\``,
      MACHINE_DEFAULTS[name] ?? (value === '' ? '' : `\`${String(value)}\``),
      cell(description),
    ]),
  );
};

/** Tables that are not those of an endpoint's options. */
const others = { hypothesis: tests, steps, estimators, settings };
/** Endpoints whose options are no more than those of others. */
const SAID = new Set(['models.import', 'models.evaluate']);

const BLOCK = /(<!-- table: ([\w.]+) -->\n)[^]*?(<!-- table end -->)/gu;
const path = join(root, 'README.md');
const before = readFileSync(path, 'utf8');
const shown = [];
const after = before.replaceAll(BLOCK, (_, start, name, end) => {
  shown.push(name);
  return start + '\n' + (others[name]?.() ?? options(name)) + '\n\n' + end;
});
const tested = new Set(hypothesisTests.map(({ name }) => name));
const wanted = [
  ...endpoints.map(({ name }) => name).filter((name) => !tested.has(name) && !SAID.has(name)),
  ...Object.keys(others),
];
const left = [...new Set(wanted)].filter((name) => !shown.includes(name));
if (left.length > 0) {
  console.error(`README.md has no table of ${left.join(', ')}`);
  process.exitCode = 1;
} else if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error('README.md: a table of options is not that of the schemas; npm run readme writes it');
    process.exitCode = 1;
  }
} else writeFileSync(path, after);
