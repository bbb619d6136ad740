import { excerpt, Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { isNumber, numberFeature, room, type TextFeature } from './column.js';
import { append, madeOf } from './series.js';
import { anyTransformer, type FeatureTools, type Made, quoted } from './transformer.js';

const PARTS = ['year', 'quarter', 'month', 'day', 'dayofweek', 'dayofyear', 'hour', 'minute'] as const;
type Part = (typeof PARTS)[number];

const parameters = {
  type: 'object',
  additionalProperties: false,
  properties: {
    parts: {
      description: 'Parts of an instant in UTC, each a column; `dayofweek`: Monday is 0.',
      type: 'array',
      items: { enum: PARTS },
      minItems: 1,
      uniqueItems: true,
      default: [...PARTS],
    },
    append,
  },
} as const;

type State = { readonly parts: readonly Part[]; readonly append: boolean };

/** pandas' `dt` attributes of timestamps and of ISO 8601 text, as `when_year`, `when_month`, …. */
export const dateParts = anyTransformer<FromSchema<typeof parameters>, State>({
  name: 'date_parts',
  parameters,
  missing: 'kept',
  infinite: 'kept',
  fit: (_, { parts, append: isAppended }) => ({ parts, append: isAppended }),
  transform(columns, { parts, append: isAppended }, tools) {
    return columns.flatMap((column, from): Made[] => {
      if (isNumber(column) && column.values.some((value) => value === value)) {
        const detail = `expected timestamps or ISO 8601 text for date_parts, got column ${quoted(column.name)} of type ${column.type}: name the columns to transform in "columns"`;
        throw Problem.at(tools.pointer('columns'), 'unsupported_type', detail);
      }
      const minutes = isNumber(column) ? column.values : minutesOf(column, tools);
      const made = parts.map((part) => {
        const out = room(tools.space, minutes.length);
        const value = PART[part];
        for (let row = 0; row < out.length; row++) {
          const minute = minutes[row]!;
          out[row] = minute === minute ? value(minute) : NaN;
        }
        return numberFeature(`${column.name}_${part}`, out);
      });
      return madeOf(column, from, made, isAppended);
    });
  },
  attributes: () => ({}),
});

const DAY = 1440;
const dayOf = (minute: number): number => Math.floor(minute / DAY);
const within = (minute: number): number => minute - dayOf(minute) * DAY;

/** Each part of a number of minutes since 1970. */
const PART: Readonly<Record<Part, (minute: number) => number>> = {
  year: (minute) => civil(dayOf(minute)).year,
  quarter: (minute) => Math.ceil(civil(dayOf(minute)).month / 3),
  month: (minute) => civil(dayOf(minute)).month,
  day: (minute) => civil(dayOf(minute)).day,
  // 1970 began on a Thursday.
  dayofweek: (minute) => (((dayOf(minute) + 3) % 7) + 7) % 7,
  dayofyear: (minute) => dayOf(minute) - daysTo(civil(dayOf(minute)).year, 1, 1) + 1,
  hour: (minute) => Math.floor(within(minute) / 60),
  minute: (minute) => within(minute) % 60,
};

/** Days of 400 years, after which the calendar repeats. */
const ERA = 146_097;

/**
 * The Gregorian date of a day since 1970: years begin in March, so that the leap day is their last.
 * Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).
 */
function civil(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / ERA);
  const ofEra = shifted - era * ERA;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Days from 1970 to a date. Source: as above. */
function daysTo(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * ERA + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + ofYear - 719_468
  );
}

/** Minutes since 1970, NaN where missing. Throws 422 for text that is no instant. */
function minutesOf(column: TextFeature, tools: FeatureTools): Float64Array {
  const out = new Float64Array(column.length);
  if (column.instants !== undefined) {
    const milliseconds = column.instants();
    for (let row = 0; row < out.length; row++) out[row] = Math.floor(milliseconds[row]! / 60_000);
    return out;
  }
  let row = 0;
  for (const cell of column.cells()) {
    const minute = cell === null ? NaN : minuteOf(String(cell));
    if (minute === undefined) {
      const got = `${JSON.stringify(excerpt(String(cell), 40))} in row ${row} of column ${quoted(column.name)}`;
      const detail = `expected timestamps or ISO 8601 text such as 2024-02-29T12:30:00Z for date_parts, got ${got}`;
      throw Problem.at(tools.pointer('columns'), 'unsupported_value', detail);
    }
    out[row++] = minute;
  }
  return out;
}

const ISO =
  /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?:Z|([+-])(\d\d):?(\d\d)?)?)?$/iu;

/** Without an offset a time is UTC. */
function minuteOf(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)];
  const days = daysTo(year, month, day);
  const found = civil(days);
  if (month < 1 || month > 12 || found.month !== month || found.day !== day) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0);
  return days * DAY + hour * 60 + minute - (match[7] === '-' ? -offset : offset);
}
