/** The page's style sheet: light or dark as the reader has it, narrow or wide, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark; --ground: #f6f7f9; --paper: #ffffff; --ink: #1a2230; --soft: #5b6675; --line: #dfe3ea;
  --data: #2f6bd8; --reference: #e08a1e; --gone: #b4453c; --track: #e9edf3; --bad: #b3261e; --bad-ground: #fbe9e7;
  --warn: #8a5300; --warn-ground: #fdf0d9; --note: #475467; --note-ground: #eceff4; --good: #1c6b3f;
  --good-ground: #e2f3e8; --positive: #2f6bd8; --negative: #c8442f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11151c; --paper: #1a202a; --ink: #e7ebf2; --soft: #9aa6b6; --line: #2d3644; --data: #6ea1ff;
    --reference: #f2a94a; --gone: #e0786e; --track: #2a3240; --bad: #ffb4ab; --bad-ground: #4a1f1b; --warn: #ffd08a;
    --warn-ground: #46330f; --note: #c3ccd9; --note-ground: #2b3442; --good: #9be3b8; --good-ground: #173a26;
    --positive: #4b82ea; --negative: #d95b45;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.top, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
.top { padding-top: 32px; }
h1 { margin: 0; font-size: 30px; line-height: 1.2; letter-spacing: -0.01em; }
.top p { margin: 4px 0 0; color: var(--soft); }
h2 { margin: 40px 0 12px; font-size: 20px; line-height: 1.3; }
h3 { margin: 0; font-size: 15px; line-height: 1.4; font-weight: 600; overflow-wrap: anywhere; }
p { margin: 0 0 12px; }
small { font-size: 12.5px; color: var(--soft); }
a { color: inherit; text-decoration-color: var(--data); text-underline-offset: 3px; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--data); outline-offset: 2px; border-radius: 3px; }
bdi { overflow-wrap: anywhere; white-space: pre-wrap; }
.blank, .nothing, .rest { color: var(--soft); }
.blank { font-style: italic; }
.rest { margin: 8px 0 0; font-size: 13px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
dl, dd, dt, figure, ol, ul { margin: 0; padding: 0; }
.plain { padding-left: 20px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; margin-top: 24px; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 14px 16px; }
.card dt { color: var(--soft); font-size: 13px; }
.card strong {
  display: block; font-size: 25px; line-height: 1.3; font-weight: 650; font-variant-numeric: tabular-nums;
}
.card.bad strong { color: var(--bad); }
.card.good strong { color: var(--good); }
.badge {
  display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: 12.5px; font-weight: 600;
  line-height: 20px; white-space: nowrap;
}
.bad.badge { background: var(--bad-ground); color: var(--bad); }
.warn { background: var(--warn-ground); color: var(--warn); }
.note, .type { background: var(--note-ground); color: var(--note); }
.good.badge { background: var(--good-ground); color: var(--good); }
.scroll {
  overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  position: relative;
}
table { border-collapse: collapse; width: 100%; }
.scroll > table > caption:not(.unseen) { text-align: left; padding: 10px 14px; font-weight: 600; }
.scroll th, .scroll td {
  padding: 8px 14px; text-align: left; vertical-align: top; border-top: 1px solid var(--line); font-weight: 400;
}
.scroll thead th { border-top: 0; color: var(--soft); font-size: 13px; }
.scroll tbody th { font-weight: 600; min-width: 9em; max-width: 26em; }
.scroll .figure, .figure { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.column, .tile { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; }
.column { margin-top: 14px; scroll-margin-top: 12px; }
.column > header { display: flex; flex-wrap: wrap; gap: 6px 8px; align-items: center; margin-bottom: 12px; }
.column > header h3 { font-size: 17px; margin-right: 4px; }
.halves { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 24px; align-items: start; }
.facts { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 10px 16px; }
.facts + .facts, .facts + details { margin-top: 12px; padding-top: 12px; border-top: 1px solid var(--line); }
.facts dt { color: var(--soft); font-size: 12.5px; line-height: 1.35; }
.facts dd { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
details .facts { margin-top: 10px; }
summary { cursor: pointer; color: var(--soft); font-size: 13px; }
svg { display: block; width: 100%; }
.histogram { height: 128px; border-bottom: 1px solid var(--line); }
.tile .histogram { height: 96px; margin-top: 8px; }
.strip { height: 16px; margin-top: 6px; }
.data { fill: var(--data); }
.reference { fill: var(--reference); }
.tile g.data { fill-opacity: 0.62; }
.tile g.reference { fill-opacity: 0.75; }
rect.gone { fill: var(--gone); }
rect.track { fill: var(--track); }
.range { fill: var(--line); }
.whisker { fill: var(--data); fill-opacity: 0.35; }
.box { fill: var(--data); fill-opacity: 0.6; }
.median { fill: var(--ink); }
.bar { height: 9px; border-radius: 3px; overflow: hidden; }
.facts .bar { height: 4px; margin-top: 5px; }
.axis {
  display: flex; justify-content: space-between; gap: 12px; margin-top: 4px; color: var(--soft); font-size: 12.5px;
  font-variant-numeric: tabular-nums;
}
.axis .middle { text-align: center; }
.bars { table-layout: fixed; }
.bars th, .bars td { padding: 3px 0; font-weight: 400; text-align: left; vertical-align: middle; }
.bars .label { width: 36%; }
.bars col.figure { width: 4.6em; }
.bars tbody th { padding-right: 12px; font-size: 14px; line-height: 1.35; }
.bars .figure { padding-left: 8px; font-size: 14px; text-align: right; }
.pairs .bar + .bar { margin-top: 3px; }
.pairs .figure small { display: block; line-height: 1.3; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 14px; align-items: start; }
.legend { margin: 14px 0 8px; color: var(--soft); font-size: 13px; }
.key {
  display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin: 0 5px 0 10px; vertical-align: -1px;
}
.key:first-child { margin-left: 0; }
.key.data { background: var(--data); }
.key.reference { background: var(--reference); }
.matrices {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 14px;
  align-items: start;
}
.matrix figcaption { margin-bottom: 8px; }
.matrix .scroll { padding: 14px; }
.grid {
  display: grid;
  grid-template-columns: minmax(84px, 170px) minmax(calc(var(--cells) * 30px), calc(var(--cells) * 62px));
  gap: 0 8px; width: max-content; max-width: 100%; min-width: min(100%, calc(92px + var(--cells) * 30px));
}
.grid .rows {
  display: grid; grid-auto-rows: 1fr; align-items: center; text-align: right; list-style: none; font-size: 12.5px;
  line-height: 1.2;
}
.grid .heads {
  grid-column: 2; display: grid; grid-template-columns: repeat(var(--cells), minmax(0, 1fr)); list-style: none;
  font-size: 12px; line-height: 1.2; text-align: center; padding-top: 6px; color: var(--soft);
}
.grid li {
  min-width: 0; overflow: hidden; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3;
}
.heads li { padding: 0 2px; }
.positive { fill: var(--positive); }
.negative { fill: var(--negative); }
.none { fill: var(--track); }
.matrix text {
  font-size: 13px; text-anchor: middle; dominant-baseline: central; fill: var(--ink);
  font-variant-numeric: tabular-nums;
}
.matrix .strong text { fill: #ffffff; }
nav ul { display: flex; flex-wrap: wrap; gap: 6px 14px; list-style: none; font-size: 14px; }
footer { margin-top: 40px; padding-bottom: 32px; color: var(--soft); font-size: 12.5px; }
footer p { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 720px) {
  .top, main, footer { padding-left: 14px; padding-right: 14px; }
  .halves { grid-template-columns: minmax(0, 1fr); gap: 16px; }
  .column, .tile { padding: 14px; }
  .cards { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .card { padding: 12px 14px; }
}
@media print {
  :root { color-scheme: light; }
  body { background: none; font-size: 12px; }
  .column, .tile, .card, tr, .matrix { break-inside: avoid; }
  h2 { break-after: avoid; }
  nav { display: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
