import type { CsvKernel } from '../../ports/engine.js';
import { CSV_FAULTS, csvProblem, duplicateName, noRows } from '../csv.js';
import type { Arena } from './arena.js';
import type { Kernels } from './exports.js';
import { parse, placeText, refuse, tableOf } from './table.js';

export const csv =
  (kernels: Kernels, arena: Arena): CsvKernel =>
  (body, limits) => {
    const start = placeText(arena, body);
    const report = parse(arena, start, limits, (frame) => {
      kernels.csv_parse(frame, start, body.length);
    });
    refuse(report, '', limits, arena);
    const { fault, at, detail, name = '' } = report;
    if (fault === 'duplicate') throw duplicateName(name);
    if (fault === 'longLine') throw csvProblem('longLine', body, at, detail);
    if (fault !== 'none') throw csvProblem(CSV_FAULTS[detail]!, body, at, 0);
    if (report.rows === 0) throw noRows();
    return tableOf(arena, report, limits);
  };
