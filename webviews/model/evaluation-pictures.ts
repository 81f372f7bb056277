/** Tables of an evaluation as pictures in the colours of the theme. */
import { html, svg, type TemplateResult } from 'lit';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { EvaluationResult } from '../../daemon/contract/evaluations.ts';

type Table = EvaluationResult['tables'][string];

const SIZE = 260;
const MARGIN = 42;

/** The second column over the first. */
export function scatter(name: string, { columns, rows }: Table): TemplateResult {
  const points = rows
    .map(([x, y]) => [Number(x), Number(y)] as const)
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const title = spaced(name);
  const [horizontal = '', vertical = ''] = columns.map(spaced);
  const x = scale(
    points.map(([value]) => value),
    MARGIN,
    SIZE - 8,
  );
  const y = scale(
    points.map(([, value]) => value),
    SIZE - MARGIN,
    22,
  );
  const end = SIZE - MARGIN;
  return html`
    <svg class="picture" viewBox="0 0 ${SIZE} ${SIZE}" role="img"
      aria-label="${title}: ${vertical} over ${horizontal}, ${points.length} points">
      <text x=${SIZE / 2} y="14" class="picture-title">${title}</text>
      <path class="axis" d="M${MARGIN} 22V${end}H${SIZE - 8}"></path>
      <text x=${(MARGIN + SIZE) / 2} y=${SIZE - 8}>${horizontal}</text>
      <text x="10" y=${end / 2} transform="rotate(-90 10 ${end / 2})">${vertical}</text>
      <text x=${MARGIN} y=${end + 14}>${x.low}</text>
      <text x=${SIZE - 18} y=${end + 14}>${x.high}</text>
      <text x=${MARGIN - 18} y=${end}>${y.low}</text>
      <text x=${MARGIN - 18} y="30">${y.high}</text>
      ${points.map(([a, b]) => svg`<circle cx=${x.at(a)} cy=${y.at(b)} r="2"></circle>`)}
    </svg>
  `;
}

/** Counts of what was predicted for what was true. */
export function confusionTable({ columns, rows }: Table): TemplateResult {
  return html`
    <table class="grid">
      <caption>Confusion matrix</caption>
      <thead><tr>${columns.map(column => html`<th scope="col">${spaced(column)}</th>`)}</tr></thead>
      <tbody>
        ${rows.map(
          ([first, ...others]) => html`
            <tr><th scope="row">${String(first)}</th>${others.map(value => html`<td>${String(value)}</td>`)}</tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

/** Maps values onto places, from `start` to `end`. */
function scale(values: readonly number[], start: number, end: number) {
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)] as const,
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const,
  );
  const span = high > low ? high - low : 1;
  return {
    at: (value: number) => (start + ((value - low) / span) * (end - start)).toFixed(1),
    low: Number.isFinite(low) ? formatMetric(Number(low.toPrecision(3))) : '',
    high: Number.isFinite(high) ? formatMetric(Number(high.toPrecision(3))) : '',
  };
}

function spaced(name: string): string {
  return name.replaceAll('_', ' ');
}
