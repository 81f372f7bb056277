/** What the cells of a row show. */
import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { GroupRow } from '../../daemon/contract/run-table-messages.ts';
import { type Run, STAR_TAG } from '../../daemon/contract/runs.ts';
import type { Double } from '../../daemon/contract/values.ts';
import { icon, statusIcon } from '../ui/icons.ts';
import { cellText, type DrawnColumn, type Goals, NAME_COLUMN } from './columns.ts';

/** Curves of metrics by run and column. */
export type Curves = ReadonlyMap<string, readonly Double[]>;

/** By what a curve goes. */
export const curveKey = (runId: string, metric: string) => `${runId} ${metric}`;

/** A cell: its text, and what is drawn in place of the bare text. */
export interface Cell {
  readonly text: string;
  readonly content: TemplateResult | string;
}

/** A run's cell. */
export function runCell(
  { id }: DrawnColumn,
  run: Run,
  { goals, curves, now }: { goals: Goals; curves: Curves; now: number },
  open: (event: Event) => void,
): Cell {
  if (id.startsWith('curve.')) return curveCell(curves.get(curveKey(run.id, id.slice('curve.'.length))));
  const text = cellText(id, run, goals, now);
  if (id !== NAME_COLUMN) return { text, content: text };
  const starred = run.tags[STAR_TAG] !== undefined;
  const content = html`${statusIcon(run.status)} ${starred ? html`${icon('star-full', 'star')}<span class="hidden">starred</span> ` : nothing}<button class="link" tabindex="-1" @click=${open}>${text}</button>`;
  return { text, content };
}

/** The cell of a group: of the first column its value and size, of metrics their mean, and of best ones the better extreme. */
export function groupCell(
  { id }: DrawnColumn,
  index: number,
  { group, opened }: GroupRow,
  goals: Goals,
): Cell {
  if (index === 0) {
    const value = group.value ?? 'none';
    const count = group.runs.toLocaleString('en');
    return {
      text: `${value}, ${count} runs`,
      content: html`${icon(opened ? 'chevron-down' : 'chevron-right')} <span class="group-value ${group.value === null ? 'faint' : ''}">${value}</span> <span class="faint">${count}</span>`,
    };
  }
  const [entity, ...rest] = id.split('.');
  const key = rest.join('.');
  const range = group.metrics[key];
  if (!range || (entity !== 'metrics' && entity !== 'best')) return { text: '', content: '' };
  const { min, mean, max } = range;
  const all = `from ${formatMetric(min)} to ${formatMetric(max)}, mean ${formatMetric(mean)}`;
  if (entity === 'metrics') return { text: all, content: `⌀ ${formatMetric(mean)}` };
  return { text: all, content: formatMetric(goals[key] === 'maximize' ? max : min) };
}

const WIDTH = 90;
const HEIGHT = 18;

/** All of a metric at a glance; its text is where it began and ended. */
function curveCell(values: readonly Double[] | undefined): Cell {
  const points = (values ?? []).map(Number);
  const known = points.filter(Number.isFinite);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || known.length === 0) return { text: '', content: '' };
  const least = Math.min(...known);
  const span = Math.max(...known) - least || 1;
  const step = WIDTH / Math.max(1, points.length - 1);
  const line = points.flatMap((value, place) =>
    Number.isFinite(value)
      ? [`${(place * step).toFixed(1)},${(HEIGHT - 1 - ((value - least) / span) * (HEIGHT - 2)).toFixed(1)}`]
      : [],
  );
  const text = `from ${formatMetric(first)} to ${formatMetric(last)}`;
  const drawing = svg`<polyline points=${line.join(' ')}></polyline>`;
  return {
    text,
    content: html`<svg class="curve" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${text}>${drawing}</svg>`,
  };
}
