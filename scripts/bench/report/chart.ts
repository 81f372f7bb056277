/**
 * A chart of a scenario as an SVG picture: a row for each figure, a dot for each contestant on a logarithmic axis, for the
 * ratios are what counts. It follows the reader's light or dark scheme.
 */
import { readable } from '../numbers.ts';
import type { ContestantName, Figure, Machine, Results } from '../results.ts';
import { cellText, contestantsOf } from './table.ts';

const WIDTH = 860;
const LABELS = 300;
const RIGHT = 60;
const ROW = 40;
const HEAD = 78;
const FOOT = 62;

const COLOURS: Record<ContestantName, { light: string; dark: string }> = {
  modelthat: { light: '#0b6bcb', dark: '#4da3ff' },
  MLflow: { light: '#c2571a', dark: '#f0883e' },
  FastTrackML: { light: '#2a7d46', dark: '#56d364' },
  DVC: { light: '#8250df', dark: '#bc8cff' },
  'better-sqlite3': { light: '#57606a', dark: '#a0a8b3' },
  'node -e 0': { light: '#57606a', dark: '#a0a8b3' },
  'bare process': { light: '#57606a', dark: '#a0a8b3' },
};

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const css = (name: ContestantName) => name.replaceAll(/[^a-zA-Z0-9]/g, '');

/** @param figures of one scenario and one unit. @returns the text of an SVG file */
export function chart(title: string, figures: readonly Figure[], results: Results): string {
  const names = contestantsOf(figures);
  const axis = axisOf(figures);
  const height = HEAD + figures.length * ROW + FOOT;
  const unit = figures[0]?.unit ?? '';
  const better = figures[0]?.better === 'more' ? 'more is better' : 'less is better';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style(names)}</style>`,
    `<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>`,
    `<text class="title" x="20" y="28">${escaped(title)}</text>`,
    `<text class="note" x="20" y="52">${escaped(`${unit}, logarithmic; ${better}`)}</text>`,
    legend(names),
    ...axis.ticks.map(tick => tickLine(axis.place(tick), tick, height - FOOT)),
    ...figures.map((figure, index) => row(figure, HEAD + index * ROW, axis)),
    `<text class="note" x="20" y="${height - 26}">${escaped(machineLine(results.machine))}</text>`,
    `<text class="note" x="20" y="${height - 10}">${escaped(versionLine(results, names))}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

/** `Intel Xeon, 2 cores, 16 GB, Linux 6.1 x64, Node 24.1` */
export function machineLine({ processor, cores, memoryGb, system, node }: Machine): string {
  return `${processor}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}`;
}

/** The contestants with their versions, and the day. */
export function versionLine({ versions, startedAt }: Results, names: readonly ContestantName[]): string {
  const known = names
    .filter(name => name !== 'node -e 0')
    .map(name => `${name} ${versions[name] ?? ''}`.trim());
  return [...known, startedAt.slice(0, 10)].join(', ');
}

interface Axis {
  place(value: number): number;
  readonly ticks: readonly number[];
}

/** From the power of ten below the least value to that above the greatest. */
function axisOf(figures: readonly Figure[]): Axis {
  const values = figures
    .flatMap(({ cells }) => Object.values(cells))
    .flatMap(cell => ('value' in cell && cell.value > 0 ? [cell.value] : []));
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const span = WIDTH - LABELS - RIGHT;
  return {
    place: value => LABELS + ((Math.log10(value) - low) / (high - low)) * span,
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
  };
}

function style(names: readonly ContestantName[]): string {
  const scheme = (which: 'light' | 'dark') =>
    names.map(name => `.${css(name)}{fill:${COLOURS[name][which]}}`).join('');
  return [
    'text{font:13px system-ui,-apple-system,"Segoe UI",sans-serif;fill:#1f2328}',
    '.title{font-size:16px;font-weight:600}.note,.tick{font-size:11px;fill:#57606a}',
    '.ground{fill:#ffffff;stroke:#d0d7de}.line{stroke:#d8dee4}.span{stroke:#afb8c1;stroke-width:2}',
    '.value{font-size:11px}.end{text-anchor:end}.middle{text-anchor:middle}',
    scheme('light'),
    '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.note,.tick{fill:#9da7b3}',
    '.ground{fill:#0d1117;stroke:#30363d}.line{stroke:#21262d}.span{stroke:#484f58}',
    `${scheme('dark')}}`,
  ].join('');
}

function legend(names: readonly ContestantName[]): string {
  const step = 118;
  const first = WIDTH - 20 - names.length * step;
  return names
    .map((name, index) => {
      const x = first + index * step;
      return `<circle class="${css(name)}" cx="${x}" cy="48" r="5"/><text x="${x + 10}" y="52">${escaped(name)}</text>`;
    })
    .join('');
}

function tickLine(x: number, value: number, bottom: number): string {
  const place = x.toFixed(1);
  return [
    `<line class="line" x1="${place}" x2="${place}" y1="${HEAD - 4}" y2="${bottom}"/>`,
    `<text class="tick middle" x="${place}" y="${bottom + 14}">${readable(value)}</text>`,
  ].join('');
}

/** Values that are close to each other are written above and below the line in turn. */
function row(figure: Figure, top: number, axis: Axis): string {
  const y = top + ROW / 2;
  const dots = contestantsOf([figure])
    .flatMap(name => {
      const cell = figure.cells[name];
      return cell && 'value' in cell && cell.value > 0 ? [{ name, x: axis.place(cell.value) }] : [];
    })
    .sort((a, b) => a.x - b.x);
  const left = dots[0]?.x ?? LABELS;
  const right = dots.at(-1)?.x ?? LABELS;
  return [
    `<text class="end" x="${LABELS - 16}" y="${y + 4}">${escaped(figure.name)}</text>`,
    `<line class="span" x1="${left.toFixed(1)}" x2="${right.toFixed(1)}" y1="${y}" y2="${y}"/>`,
    ...dots.map(({ name, x }, index) => {
      const labelY = index % 2 === 0 ? y - 9 : y + 18;
      return `<circle class="${css(name)}" cx="${x.toFixed(1)}" cy="${y}" r="6"/><text class="value middle ${css(name)}" x="${x.toFixed(1)}" y="${labelY}">${escaped(cellText(figure, name))}</text>`;
    }),
  ].join('');
}
