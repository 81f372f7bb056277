import { html, nothing, type TemplateResult } from 'lit';

/** Names and values in two columns. */
export function factList(
  title: string,
  facts: readonly (readonly [name: string, value: unknown])[],
): TemplateResult | typeof nothing {
  if (facts.length === 0) return nothing;
  return html`
    <section>
      ${title ? html`<h2>${title}</h2>` : nothing}
      <dl>
        ${facts.map(([name, value]) => html`<div><dt title=${name}>${breakable(name)}</dt><dd>${value}</dd></div>`)}
      </dl>
    </section>
  `;
}

/** Lets a long name go on in the next line after a dot and the like. */
function breakable(name: string) {
  return name.split(/(?<=[._/])/).map(part => html`${part}<wbr>`);
}
