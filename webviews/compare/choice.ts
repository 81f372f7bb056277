/** What the charts of the comparison have in common: choosing what stands on an axis, and the table behind them. */
import { html, type TemplateResult } from 'lit';
import type { Run } from '../../daemon/contract/runs.ts';
import { type Dimension, textOf } from './dimensions.ts';

/** A list of parameters and metrics to choose from. */
export function choice(
  label: string,
  dimensions: readonly Dimension[],
  chosen: Dimension | undefined,
  choose: (id: string) => void,
): TemplateResult {
  const group = (title: string, kind: Dimension['kind']) => {
    const of = dimensions.filter(dimension => dimension.kind === kind);
    if (of.length === 0) return '';
    return html`<optgroup label=${title}>${of.map(({ id, name }) => html`<option value=${id} ?selected=${id === chosen?.id}>${name}</option>`)}</optgroup>`;
  };
  return html`
    <label>${label}
      <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
        ${group('Parameters', 'param')}${group('Metrics', 'metric')}
      </select>
    </label>
  `;
}

/** What a chart shows, as a table. @param places of the runs that it shows; all without */
export function valuesTable(
  runs: readonly Run[],
  dimensions: readonly Dimension[],
  places: readonly number[] = [...runs.keys()],
): TemplateResult {
  return html`
    <details>
      <summary>As a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Values of the runs">
        <table class="grid">
          <thead><tr><th scope="col">Run</th>${dimensions.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
          <tbody>
            ${places.map(place => html`<tr><th scope="row">${runLink(runs[place])}</th>${dimensions.map(({ values }) => html`<td>${textOf(values[place])}</td>`)}</tr>`)}
          </tbody>
        </table>
      </div>
    </details>
  `;
}

/** The name of a run, which tells `open`. */
function runLink(run: Run | undefined) {
  const open = ({ currentTarget }: Event) =>
    currentTarget?.dispatchEvent(new CustomEvent('open', { detail: run?.id, bubbles: true }));
  return html`<button class="link" @click=${open}>${run?.name}</button>`;
}

/** How many runs a chart leaves out, in words; empty when it has all. */
export function leftOut(shown: number, all: number, why: string): string {
  return shown < all ? `${all - shown} of ${all} runs left out: ${why}.` : '';
}

/** What stands in place of a chart. */
export const nothingToDraw = (why: string) => html`<p class="faint">${why}</p>`;
