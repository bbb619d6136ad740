import type { Attributes, Meter } from '@opentelemetry/api';

/** A number of the service at one moment, and the labels that it has. */
export type Point = readonly [value: number, labels?: Attributes];

/** What is read when metrics are collected. */
export interface Reading {
  readonly kind: 'counter' | 'gauge';
  /** With dots; in Prometheus with underscores, and the unit behind it. */
  readonly name: string;
  /** By UCUM: `s`, `By`, or what is counted in braces. */
  readonly unit: string;
  readonly description: string;
  readonly read: () => readonly Point[] | Promise<readonly Point[]>;
}

/** Has every collection of the meter read them. */
export function observe(meter: Meter, readings: readonly Reading[]): void {
  for (const { kind, name, unit, description, read } of readings) {
    const instrument =
      kind === 'counter'
        ? meter.createObservableCounter(name, { unit, description })
        : meter.createObservableGauge(name, { unit, description });
    instrument.addCallback(async (result) => {
      for (const [value, labels] of await read()) result.observe(value, labels);
    });
  }
}

/** A reading of one number without labels. */
export function single(
  kind: Reading['kind'],
  name: string,
  unit: string,
  description: string,
  read: () => number | undefined | Promise<number | undefined>,
): Reading {
  const points = async (): Promise<readonly Point[]> => {
    const value = await read();
    return value === undefined ? [] : [[value]];
  };
  return { kind, name, unit, description, read: points };
}
