import { html, nothing, type TemplateResult } from 'lit';
import type { CompareView } from '../../daemon/contract/compare-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { icon, statusIcon } from '../ui/icons.ts';
import { type Column, columnOfEach, columnsOverSeeds } from './columns.ts';
import { baselineOf, type Compared, type ViewChange } from './comparison.ts';
import {
  type Baseline,
  type Cell,
  type ComparedRow,
  type Difference,
  metricRows,
  parameterRows,
} from './rows.ts';

/** Parameters and metrics of all runs as a table, set against a baseline. Tells `view` and `open` (the id of a run). */
export class ComparisonTable extends PageElement {
  static override properties = { compared: { attribute: false }, view: { attribute: false } };
  declare compared: Compared;
  declare view: CompareView;

  protected override render() {
    const { runs, goals } = this.compared;
    const { all, overSeeds } = this.view;
    const grouped = columnsOverSeeds(runs);
    const pinned = baselineOf(runs, this.view);
    const columns = withFirst(overSeeds ? grouped : columnOfEach(runs), pinned);
    const baseline = pinned && { place: 0, seeds: grouped.find(column => has(column, pinned))?.runs ?? [] };
    const metrics = metricRows(columns, goals, baseline);
    const parameters = parameterRows(columns, baseline);
    const same = [...metrics, ...parameters].filter(row => row.same).length;
    return html`
      <div class="toolbar">
        <modelthat-checkbox ?checked=${!all} @change=${(event: Event) => this.#choose({ all: !isChecked(event) })}>Differences only</modelthat-checkbox>
        <modelthat-checkbox ?checked=${overSeeds} @change=${(event: Event) => this.#choose({ overSeeds: isChecked(event) })}>Mean over seeds</modelthat-checkbox>
      </div>
      <p class="faint" role="status">
        ${all ? '' : `${same} ${same === 1 ? 'row that is' : 'rows that are'} the same in all runs left out. `}
        ${overSeeds ? `Runs that differ in their seed alone are one column: mean ± standard deviation (runs). ` : ''}
        ${baseline ? seedNote(baseline) : 'No baseline: pin a run to see how the others differ from it.'}
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label="Comparison">
        <table class="grid">
          <thead>
            <tr><th scope="col">Run</th>${columns.map((column, place) => this.#head(column, place === baseline?.place))}</tr>
          </thead>
          ${this.#rows('Metrics', metrics)}${this.#rows('Parameters', parameters)}
        </table>
      </div>
    `;
  }

  #head({ name, runs }: Column, pinned: boolean): TemplateResult {
    const [run] = runs;
    const pin = pinned ? `${name} is the baseline: unpin it` : `Pin ${name} as the baseline`;
    return html`
      <th scope="col" class=${pinned ? 'baseline' : ''}>
        <button class="link pin" aria-pressed=${pinned} aria-label=${pin} title=${pin}
          @click=${() => this.#choose({ baseline: pinned ? null : run.id })}>${icon(pinned ? 'pinned' : 'pin')}</button>
        ${statusIcon(run.status)}
        <button class="link" title=${name} @click=${() => this.tell('open', run.id)}>${name}</button>
        ${pinned ? html`<span class="faint">baseline</span>` : nothing}
      </th>
    `;
  }

  #rows(title: string, all: readonly ComparedRow[]): TemplateResult {
    const rows = all.filter(({ same }) => this.view.all || !same);
    const columns = Math.max(1, all[0]?.cells.length ?? 1);
    return html`
      <tbody>
        <tr class="part"><th scope="rowgroup">${title}</th><td colspan=${columns} class="faint">${rows.length === 0 ? 'no difference' : nothing}</td></tr>
        ${rows.map(({ key, cells }) => html`<tr><th scope="row" title=${key}>${key}</th>${cells.map(cellOf)}</tr>`)}
      </tbody>
    `;
  }

  #choose(change: ViewChange): void {
    this.tell('view', change);
  }
}

const has = ({ runs }: Column, run: Run) => runs.some(({ id }) => id === run.id);

/** The columns with that of the baseline before the others, so that it stays in sight. */
function withFirst(columns: readonly Column[], run: Run | undefined): readonly Column[] {
  if (!run) return columns;
  return columns.toSorted((a, b) => Number(has(b, run)) - Number(has(a, run)));
}

function cellOf({ text, best, differs, difference }: Cell): TemplateResult {
  const value = best
    ? html`<span class="best">${icon('star-full')}<span class="hidden">best </span>${text}</span>`
    : text;
  return html`<td class=${differs ? 'differs' : ''} title=${text}>${value}${difference ? differenceOf(difference) : nothing}</td>`;
}

function differenceOf({ absolute, percent, spread, verdict }: Difference): TemplateResult {
  const words = [absolute, percent && `(${percent})`, spread].filter(Boolean).join(' ');
  return html`<span class="difference ${verdict ?? ''}">${words}${verdict ? html`<span class="hidden"> ${verdict}</span>` : nothing}</span>`;
}

/** What the differences are set against besides the baseline itself. */
function seedNote({ seeds }: Baseline): string {
  return seeds.length > 1
    ? `sd: the standard deviation over the ${seeds.length} runs that are the baseline but for their seed.`
    : 'Nothing tells how far the baseline varies by chance: no other run here differs from it in its seed alone.';
}

function isChecked(event: Event): boolean {
  return (event.target as HTMLInputElement).checked;
}

customElements.define('modelthat-comparison-table', ComparisonTable);
