/** Tables of an evaluation as pictures in the colours of the theme. */
import { html, svg, type TemplateResult } from 'lit';
import { formatMetric, linearScale } from '../../daemon/contract/display.ts';
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
  const x = linearScale(
    points.map(([value]) => value),
    MARGIN,
    SIZE - 8,
  );
  const y = linearScale(
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
      <text x=${MARGIN} y=${end + 14}>${brief(x.low)}</text>
      <text x=${SIZE - 18} y=${end + 14}>${brief(x.high)}</text>
      <text x=${MARGIN - 18} y=${end}>${brief(y.low)}</text>
      <text x=${MARGIN - 18} y="30">${brief(y.high)}</text>
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

/** An end of an axis in words; of none, nothing. */
function brief(value: number): string {
  return Number.isFinite(value) ? formatMetric(Number(value.toPrecision(3))) : '';
}

function spaced(name: string): string {
  return name.replaceAll('_', ' ');
}
