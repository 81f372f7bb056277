/**
 * Markdown as elements. What is written in HTML stands there as text, and images as their addresses: whoever wrote the text
 * may be a stranger, so that nothing of it becomes markup, and nothing is fetched.
 */
import { html, nothing, type TemplateResult } from 'lit';
import { lexer, type MarkedToken, type Token, type Tokens } from 'marked';

/** Addresses that may be followed. */
const FOLLOWED = /^(https?|mailto):/i;
/** Nested deeper, it is no text that a person reads. */
const MAX_DEPTH = 30;

type Content = TemplateResult | string | typeof nothing;

/** A text in Markdown (GitHub's dialect). */
export function markdown(text: string): TemplateResult {
  return html`<div class="markdown" dir="auto">${contentOf(lexer(text), 0)}</div>`;
}

function contentOf(tokens: readonly Token[] | undefined, depth: number): Content[] {
  if (depth > MAX_DEPTH) return ['…'];
  return (tokens ?? []).map(token => elementOf(token as MarkedToken, depth + 1));
}

function elementOf(token: MarkedToken, depth: number): Content {
  const inside = () => contentOf('tokens' in token ? token.tokens : undefined, depth);
  switch (token.type) {
    case 'space':
    case 'def':
      return nothing;
    case 'hr':
      return html`<hr>`;
    case 'br':
      return html`<br>`;
    case 'heading':
      return heading(token.depth, inside());
    case 'paragraph':
      return html`<p>${inside()}</p>`;
    case 'blockquote':
      return html`<blockquote>${inside()}</blockquote>`;
    case 'code':
      return html`<pre tabindex="0"><code>${token.text}</code></pre>`;
    case 'list':
      return list(token, depth);
    case 'table':
      return table(token, depth);
    case 'strong':
      return html`<strong>${inside()}</strong>`;
    case 'em':
      return html`<em>${inside()}</em>`;
    case 'del':
      return html`<del>${inside()}</del>`;
    case 'codespan':
      return html`<code>${token.text}</code>`;
    case 'link':
      return FOLLOWED.test(token.href)
        ? html`<a href=${token.href} title=${token.href}>${inside()}</a>`
        : token.raw;
    case 'text':
      return token.tokens ? html`${inside()}` : token.text;
    case 'escape':
      return token.text;
    default:
      return token.raw;
  }
}

/** Below the headings that the page has itself. */
function heading(depth: number, content: Content[]): TemplateResult {
  if (depth === 1) return html`<h3>${content}</h3>`;
  return depth === 2 ? html`<h4>${content}</h4>` : html`<h5>${content}</h5>`;
}

function list({ ordered, start, items }: Tokens.List, depth: number): TemplateResult {
  const lines = items.map(({ task, checked, tokens }) => {
    const box = task
      ? html`<span aria-label=${checked ? 'done' : 'to do'} role="img">${checked ? '☑' : '☐'}</span> `
      : nothing;
    // The box of a task stands there already.
    return html`<li>${box}${contentOf(
      tokens.filter(({ type }) => type !== 'checkbox'),
      depth,
    )}</li>`;
  });
  return ordered ? html`<ol start=${start || 1}>${lines}</ol>` : html`<ul>${lines}</ul>`;
}

function table({ header, rows }: Tokens.Table, depth: number): TemplateResult {
  const cell = ({ tokens }: Tokens.TableCell) => contentOf(tokens, depth);
  return html`
    <table>
      <thead><tr>${header.map(each => html`<th scope="col">${cell(each)}</th>`)}</tr></thead>
      <tbody>${rows.map(row => html`<tr>${row.map(each => html`<td>${cell(each)}</td>`)}</tr>`)}</tbody>
    </table>
  `;
}
