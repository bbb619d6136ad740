import { excerpt, Problem } from '../../ports/problem.js';
import type { FromSchema } from '../../ports/schema.js';
import { fields, flag, list, oneOf, wrong } from '../checks.js';
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
      const made = new Map(parts.map((part) => [part, room(tools.space, minutes.length)]));
      partsInto(minutes, made);
      const features = [...made].map(([part, values]) => numberFeature(`${column.name}_${part}`, values));
      return madeOf(column, from, features, isAppended);
    });
  },
  verify(state) {
    const { parts, append: isAppended } = fields(state, 'the state');
    flag(isAppended, 'append');
    const found = list(parts, 'parts').map((part) => oneOf(part, 'a part', PARTS));
    if (found.length === 0 || new Set(found).size < found.length)
      throw wrong('at least one part, each of them once', parts);
  },
  attributes: () => ({}),
});

const DAY = 1440;

/** The parts of minutes since 1970, NaN where they are; the date is found once for all of them. */
function partsInto(minutes: Float64Array, made: ReadonlyMap<Part, Float64Array>): void {
  const [years, quarters, months, days] = [
    made.get('year'),
    made.get('quarter'),
    made.get('month'),
    made.get('day'),
  ];
  const [weekdays, yearDays] = [made.get('dayofweek'), made.get('dayofyear')];
  const [hours, rests] = [made.get('hour'), made.get('minute')];
  const isDated = (years ?? quarters ?? months ?? days ?? yearDays) !== undefined;
  let [last, date, year, newYear] = [NaN, 0, 0, 0];
  for (let row = 0; row < minutes.length; row++) {
    const minute = minutes[row]!;
    if (minute !== minute) {
      for (const values of made.values()) values[row] = NaN;
      continue;
    }
    const day = Math.floor(minute / DAY);
    const within = (minute - day * DAY) | 0;
    if (isDated && day !== last) {
      // Timestamps of seconds may lie further away than the years of a date reach.
      const era = Math.floor(day / ERA);
      date = civil(day - era * ERA);
      year = yearOf(date) + era * 400;
      newYear = yearDays === undefined ? 0 : daysTo(yearOf(date), 1, 1) + era * ERA;
      last = day;
    }
    const month = monthOf(date);
    if (years !== undefined) years[row] = year;
    if (quarters !== undefined) quarters[row] = ((month + 2) / 3) | 0;
    if (months !== undefined) months[row] = month;
    if (days !== undefined) days[row] = dayOf(date);
    // 1970 began on a Thursday.
    if (weekdays !== undefined) weekdays[row] = (((day + 3) % 7) + 7) % 7;
    if (yearDays !== undefined) yearDays[row] = day - newYear + 1;
    if (hours !== undefined) hours[row] = (within / 60) | 0;
    if (rests !== undefined) rests[row] = within % 60;
  }
}

/** A date in one integer: year · 512 + month · 32 + day. Years lie within four million of 0. */
const dateOf = (year: number, month: number, day: number): number => (year << 9) | (month << 5) | day;
const yearOf = (date: number): number => date >> 9;
const monthOf = (date: number): number => (date >> 5) & 15;
const dayOf = (date: number): number => date & 31;

/** Days of 400 years, after which the calendar repeats. */
const ERA = 146_097;

/**
 * The Gregorian date of a day since 1970: years begin in March, so that the leap day is their last.
 * Source: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013).
 */
function civil(days: number): number {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / ERA) | 0;
  const ofEra = (shifted - era * ERA) | 0;
  const leaps = ((ofEra / 1460) | 0) - ((ofEra / 36_524) | 0) + ((ofEra / 146_096) | 0);
  const yearOfEra = ((ofEra - leaps) / 365) | 0;
  const ofYear = ofEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const fromMarch = ((5 * ofYear + 2) / 153) | 0;
  const day = ofYear - (((153 * fromMarch + 2) / 5) | 0) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return dateOf(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day);
}

/** Days from 1970 to a date. Source: as above. */
function daysTo(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const ofYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  return era * ERA + yearOfEra * 365 + (yearOfEra >> 2) - ((yearOfEra / 100) | 0) + ofYear - 719_468;
}

/** Minutes since 1970, NaN where missing. Throws 422 for text that is no instant. */
function minutesOf(column: TextFeature, tools: FeatureTools): Float64Array {
  const out = new Float64Array(column.length);
  if (column.instants !== undefined) {
    const milliseconds = column.instants();
    for (let row = 0; row < out.length; row++) out[row] = Math.floor(milliseconds[row]! / 60_000);
    return out;
  }
  const minuteAt = (row: number, text: string): number => {
    const minute = minuteOf(text);
    if (minute !== undefined) return minute;
    const got = `${JSON.stringify(excerpt(text, 40))} in row ${row} of column ${quoted(column.name)}`;
    const detail = `expected timestamps or ISO 8601 text such as 2024-02-29T12:30:00Z for date_parts, got ${got}`;
    throw Problem.at(tools.pointer('columns'), 'unsupported_value', detail);
  };
  if (column.dictionary === undefined) {
    let row = 0;
    for (const cell of column.cells()) {
      out[row] = cell === null ? NaN : minuteAt(row, String(cell));
      row++;
    }
    return out;
  }
  const places = column.dictionary.places();
  const known: (number | undefined)[] = [];
  for (let row = 0; row < out.length; row++) {
    const place = places[row]!;
    out[row] = place < 0 ? NaN : (known[place] ??= minuteAt(row, column.dictionary.text(place)));
  }
  return out;
}

const ISO =
  /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?(?:Z|([+-])(\d\d):?(\d\d)?)?)?$/iu;

/** Without an offset a time is UTC. */
function minuteOf(text: string): number | undefined {
  const plain = plainMinuteOf(text);
  if (plain === plain) return plain;
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4] ?? 0), Number(match[5] ?? 0), Number(match[6] ?? 0)];
  const days = daysTo(year, month, day);
  if (month < 1 || month > 12 || civil(days) !== dateOf(year, month, day)) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const offset = Number(match[8] ?? 0) * 60 + Number(match[9] ?? 0);
  return days * DAY + hour * 60 + minute - (match[7] === '-' ? -offset : offset);
}

/** Two digits as a number, 100 where they are none. */
function pairAt(text: string, at: number): number {
  const [a, b] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48];
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? a * 10 + b : 100;
}

const [DASH, COLON, SPACE, T, Z] = [45, 58, 32, 84, 90];

/**
 * The minute of `2024-02-29`, `2024-02-29T12:30:00` and `2024-02-29T12:30:00Z`, also with a space for the T: what most texts
 * are, without the cost of the general form. NaN of any other, which may be an instant or not.
 */
function plainMinuteOf(text: string): number {
  const { length } = text;
  if (length !== 10 && length !== 19 && length !== 20) return NaN;
  const [century, years, month, day] = [pairAt(text, 0), pairAt(text, 2), pairAt(text, 5), pairAt(text, 8)];
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return NaN;
  if (century > 99 || years > 99 || month < 1 || month > 12 || day < 1 || day > 31) return NaN;
  const year = century * 100 + years;
  const days = daysTo(year, month, day);
  if (day > 28 && civil(days) !== dateOf(year, month, day)) return NaN;
  if (length === 10) return days * DAY;
  const divider = text.charCodeAt(10);
  if (divider !== T && divider !== SPACE) return NaN;
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return NaN;
  if (length === 20 && text.charCodeAt(19) !== Z) return NaN;
  const [hour, minute, second] = [pairAt(text, 11), pairAt(text, 14), pairAt(text, 17)];
  return hour > 23 || minute > 59 || second > 59 ? NaN : days * DAY + hour * 60 + minute;
}
