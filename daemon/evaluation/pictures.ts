/** Pictures of an evaluation as SVG: points over two axes. What they show is in the result, too. */
import { linearScale } from '../contract/display.ts';
import type { EvaluationResult } from '../contract/evaluations.ts';

const SIZE = 400;
const MARGIN = 50;

type Table = EvaluationResult['tables'][string];

/** The artifacts, by their paths: a picture for each table of points; a confusion matrix is read best as the table that it is. */
export function picturesOf(result: EvaluationResult): Record<string, string> {
  return Object.fromEntries(
    Object.entries(result.tables)
      .filter(([name]) => name !== 'confusion_matrix')
      .map(([name, table]) => [`pictures/${name}.svg`, scatter(name, table)]),
  );
}

/** The second column over the first. */
function scatter(name: string, { columns, rows }: Table): string {
  const points = rows
    .map(([x, y]) => [Number(x), Number(y)] as const)
    .filter(each => each.every(Number.isFinite));
  const x = linearScale(
    points.map(([value]) => value),
    MARGIN,
    SIZE - MARGIN,
  );
  const y = linearScale(
    points.map(([, value]) => value),
    SIZE - MARGIN,
    MARGIN,
  );
  const dots = points.map(([a, b]) => `<circle cx="${x.at(a)}" cy="${y.at(b)}" r="2.5" fill="#1f77b4"/>`);
  const [horizontal = '', vertical = ''] = columns.map(column => column.replaceAll('_', ' '));
  const label = (text: string, at: string) => `<text ${at} text-anchor="middle">${text}</text>`;
  const end = SIZE - MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIZE} ${SIZE}" font-family="sans-serif" font-size="12">`,
    `<rect width="${SIZE}" height="${SIZE}" fill="#fff"/>`,
    `<path d="M${MARGIN} ${MARGIN}V${end}H${end}" fill="none" stroke="#888"/>`,
    label(name.replaceAll('_', ' '), `x="${SIZE / 2}" y="25" font-weight="bold"`),
    label(horizontal, `x="${SIZE / 2}" y="${SIZE - 12}"`),
    label(vertical, `x="14" y="${SIZE / 2}" transform="rotate(-90 14 ${SIZE / 2})"`),
    label(brief(x.low), `x="${MARGIN}" y="${end + 16}"`),
    label(brief(x.high), `x="${end}" y="${end + 16}"`),
    label(brief(y.low), `x="${MARGIN - 20}" y="${end}"`),
    label(brief(y.high), `x="${MARGIN - 20}" y="${MARGIN}"`),
    ...dots,
    '</svg>',
    '',
  ].join('\n');
}

function brief(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : '';
}
