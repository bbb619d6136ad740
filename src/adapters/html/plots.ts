import { html, type Markup } from './markup.js';
import { count, percent } from './numbers.js';

/** Plots are stretched to the width there is: only shapes are in them, words stand beside. */
const WIDTH = 100;
const HEIGHT = 40;

interface Bars {
  readonly name: string;
  readonly heights: readonly number[];
  /** What is said of a bar. */
  readonly say: (bin: number) => string;
}

/** Bars over the same bins, one series upon the other. */
export function histogram(label: string, series: readonly Bars[]): Markup {
  const highest = Math.max(...series.flatMap(({ heights }) => heights), Number.MIN_VALUE);
  const bars = series.map(({ name, heights, say }) => {
    const width = WIDTH / heights.length;
    const gap = Math.min(width * 0.12, 0.6);
    return html`<g class="${name}"
      >${heights.map((height, bin) => {
        if (height === 0) return html``;
        const tall = Math.max((height / highest) * HEIGHT, 0.4);
        return html`<rect
          x="${short(bin * width + gap / 2)}"
          y="${short(HEIGHT - tall)}"
          width="${short(width - gap)}"
          height="${short(tall)}"
          ><title>${say(bin)}</title></rect
        >`;
      })}</g
    >`;
  });
  return html`<svg
    class="histogram"
    viewBox="0 0 ${WIDTH} ${HEIGHT}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    ${bars}
  </svg>`;
}

/** Where the quantiles lie: a line from 5 % to 95 %, a box of the quartiles, the median. Of all: a thin line. */
export function strip(
  [low, high]: readonly [number, number],
  quantiles: readonly [number, number, number, number, number, number, number],
  label: string,
): Markup {
  const place = (value: number): number => ((value - low) / (high - low)) * WIDTH;
  const [least, q5, q25, median, q75, q95, most] = quantiles.map(place);
  const line = (name: string, from = 0, to = 0, y = 0, tall = 0): Markup =>
    html`<rect
      class="${name}"
      x="${short(from)}"
      y="${y}"
      width="${short(Math.max(to - from, 0.3))}"
      height="${tall}"
    ></rect>`;
  return html`<svg
    class="strip"
    viewBox="0 0 ${WIDTH} 10"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    ${line('range', least, most, 4.6, 0.8)}${line('whisker', q5, q95, 3.5, 3)}${line('box', q25, q75, 1, 8)}${line('median', (median ?? 0) - 0.3, (median ?? 0) + 0.3, 0, 10)}
  </svg>`;
}

/** A bar that is as long as a share. */
export const bar = (share: number, name = 'data'): Markup =>
  html`<svg class="bar" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width="${WIDTH}" height="10"></rect>
    <rect class="${name}" width="${short(share * WIDTH)}" height="10"></rect>
  </svg>`;

export const binText = (low: string, high: string, held: number, total: number): string =>
  `${low} to ${high}: ${count(held)} (${percent(total === 0 ? 0 : held / total)})`;

const short = (value: number): string => String(Number(value.toFixed(2)));
