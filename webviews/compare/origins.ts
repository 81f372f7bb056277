import { html, nothing, type TemplateResult } from 'lit';
import type { CodeChanges, CompareView } from '../../daemon/contract/compare-messages.ts';
import type { RunOrigin } from '../../daemon/contract/origins.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import { baselineOf, type Compared, type ViewChange } from './comparison.ts';
import { type OriginPart, originParts } from './origin-rows.ts';

/**
 * What the runs were made from. Tells `origins` (it wants them), `changes` (ids of two runs whose code is to be compared),
 * `diff` (two runs and a file), and `view`.
 */
export class ComparedOrigins extends PageElement {
  static override properties = {
    compared: { attribute: false },
    view: { attribute: false },
    origins: { attribute: false },
    changes: { attribute: false },
  };
  declare compared: Compared;
  declare view: CompareView;
  declare origins: ReadonlyMap<string, RunOrigin> | undefined;
  /** Of the two runs whose code was compared last. */
  declare changes: CodeChanges | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.tell('origins', undefined);
  }

  protected override render() {
    const { origins, compared, view } = this;
    if (!origins) return html`<p class="faint">Looking up what the runs were made from…</p>`;
    const first = baselineOf(compared.runs, view);
    const runs = first ? [first, ...compared.runs.filter(run => run !== first)] : compared.runs;
    const parts = originParts(runs, origins);
    const same = parts.flatMap(({ rows }) => rows).filter(row => row.same).length;
    return html`
      <div class="toolbar">
        <modelthat-checkbox ?checked=${!view.all}
          @change=${(event: Event) => this.tell('view', { all: !(event.target as HTMLInputElement).checked } satisfies ViewChange)}>Differences only</modelthat-checkbox>
      </div>
      <p class="faint" role="status">
        ${view.all ? '' : `${same} ${same === 1 ? 'row that is' : 'rows that are'} the same for all runs left out. `}${notRecorded(runs, origins)}
      </p>
      <div class="scroll" tabindex="0" role="region" aria-label="Code, data and environment">
        <table class="grid">
          <thead><tr><th scope="col">Run</th>${runs.map(run => this.#head(run, first))}</tr></thead>
          ${parts.map(part => this.#part(part))}
        </table>
      </div>
      <div aria-live="polite">${this.#changes(runs)}</div>
    `;
  }

  #head(run: Run, baseline: Run | undefined): TemplateResult {
    const label = `Compare the code of ${run.name} with that of the baseline`;
    return html`
      <th scope="col">
        <button class="link" title=${run.name} @click=${() => this.tell('open', run.id)}>${run.name}</button>
        ${
          run === baseline
            ? html`<span class="faint">baseline</span>`
            : baseline
              ? html`<button class="link" aria-label=${label} title=${label} @click=${() => this.tell('changes', { from: baseline.id, to: run.id })}>${icon('diff')}</button>`
              : nothing
        }
      </th>
    `;
  }

  #part({ title, rows: all }: OriginPart): TemplateResult {
    const rows = all.filter(({ same }) => this.view.all || !same);
    return html`
      <tbody>
        <tr class="part"><th scope="rowgroup">${title}</th><td class="faint" colspan=${this.compared.runs.length}>${rows.length === 0 ? 'no difference' : nothing}</td></tr>
        ${rows.map(
          ({ key, values }) => html`
            <tr><th scope="row" title=${key}>${key}</th>
              ${values.map((value, place) => html`<td title=${value} class=${place > 0 && value !== values[0] ? 'differs' : ''}>${value}</td>`)}
            </tr>
          `,
        )}
      </tbody>
    `;
  }

  #changes(runs: readonly Run[]): TemplateResult | typeof nothing {
    const { changes } = this;
    const [from, to] = [changes?.from, changes?.to].map(id => runs.find(run => run.id === id));
    if (!changes || !from || !to) return nothing;
    const { length } = changes.changes;
    return html`
      <section aria-labelledby="changes-title">
        <h2 id="changes-title">Code from ${from.name} to ${to.name}</h2>
        ${changes.remarks.map(remark => html`<p class="faint">${remark}</p>`)}
        <p class="faint">${length === 0 ? 'No file is known to differ.' : `${length} ${length === 1 ? 'file differs' : 'files differ'}.`}${changes.more > 0 ? ` ${changes.more} more are not named.` : ''}</p>
        <ul class="changes">
          ${changes.changes.map(
            ({ path, change }) => html`
              <li>${icon(`diff-${change === 'changed' ? 'modified' : change}`)}
                <button class="link" @click=${() => this.tell('diff', { from: from.id, to: to.id, path })}>${path}</button>
                <span class="faint">${change}</span>
              </li>
            `,
          )}
        </ul>
      </section>
    `;
  }
}

/** Of how many runs something was not recorded, in words. */
function notRecorded(runs: readonly Run[], origins: ReadonlyMap<string, RunOrigin>): string {
  const without = (what: string, has: (origin: RunOrigin | undefined) => boolean) => {
    const count = runs.filter(({ id }) => !has(origins.get(id))).length;
    return count > 0 ? [`${what} of ${count}`] : [];
  };
  const missing = [
    ...without('the code', origin => origin?.code != null),
    ...without('the packages', origin => origin?.packages != null),
  ];
  return missing.length > 0 ? `Not recorded of these ${runs.length} runs: ${missing.join(', ')}.` : '';
}

customElements.define('modelthat-compared-origins', ComparedOrigins);
