/** What differs between what led to a version and what led to the one that it is compared with. */
import { html, nothing, type TemplateResult } from 'lit';
import type { CodeChange, VersionDifferences } from '../../daemon/contract/origins.ts';

/** Data, parameters, code and environment that are not the same, or that they are. */
export function originDifferences(found: VersionDifferences): TemplateResult {
  const { data, params, code, sameEnvironment, remarks, against } = found;
  const same = [
    data.length === 0 && 'data',
    params.length === 0 && 'parameters',
    code?.length === 0 && 'code',
    sameEnvironment === true && 'Python environment',
  ].filter(each => each !== false);
  return html`
    <h3>What led to it, beside v${against}</h3>
    ${
      data.length > 0
        ? valueTable(
            'Data',
            data.map(each => ({
              ...{ name: each.path, note: each.made ? 'made by a step' : '' },
              ...{ before: shortened(each.before), now: shortened(each.now) },
            })),
            against,
          )
        : nothing
    }
    ${params.length > 0 ? valueTable('Parameter', params, against) : nothing}
    ${code && code.length > 0 ? codeTable(code) : nothing}
    ${sameEnvironment === false ? html`<p>Another Python environment.</p>` : nothing}
    ${same.length > 0 ? html`<p class="faint">The same: ${same.join(', ')}.</p>` : nothing}
    ${remarks.map(remark => html`<p class="faint">${remark}</p>`)}
  `;
}

interface Differing {
  readonly name: string;
  readonly note?: string;
  readonly before: string | null;
  readonly now: string | null;
}

function valueTable(title: string, rows: readonly Differing[], against: number): TemplateResult {
  return html`
    <table class="grid">
      <thead>
        <tr><th scope="col">${title}</th><th scope="col">This</th><th scope="col">v${against}</th></tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, note, before, now }) => html`
            <tr>
              <th scope="row">${name}${note ? html` <span class="faint">${note}</span>` : nothing}</th>
              <td>${now ?? html`<span class="faint">none</span>`}</td>
              <td>${before ?? html`<span class="faint">none</span>`}</td>
            </tr>
          `,
        )}
      </tbody>
    </table>
  `;
}

function codeTable(code: readonly CodeChange[]): TemplateResult {
  return html`
    <table class="grid">
      <thead><tr><th scope="col">Code</th><th scope="col">Is</th></tr></thead>
      <tbody>
        ${code.map(({ path, change }) => html`<tr><th scope="row">${path}</th><td>${change}</td></tr>`)}
      </tbody>
    </table>
  `;
}

/** Digests are told apart by their beginnings. */
function shortened(text: string | null): string | null {
  return text?.replace(/\b[0-9a-f]{12,}\b/g, digest => digest.slice(0, 8)) ?? null;
}
