import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatBytes } from '../../daemon/contract/display.ts';
import type { Preview, PreviewTable } from '../../daemon/contract/messages.ts';
import type { ArtifactFile } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { factList } from '../ui/fact-list.ts';
import { icon } from '../ui/icons.ts';
import { markdown } from '../ui/markdown.ts';
import { type ArtifactRow, artifactRows } from './artifact-rows.ts';

/** The run's files as a tree, with a look into the chosen one. Tells `list`, `preview`, `edit`, `save`: each with a path. */
export class Artifacts extends PageElement {
  static override properties = {
    folders: { attribute: false },
    previews: { attribute: false },
    open: { state: true },
    chosen: { state: true },
  };
  declare folders: ReadonlyMap<string, readonly ArtifactFile[]>;
  declare previews: ReadonlyMap<string, Preview>;
  declare open: ReadonlySet<string>;
  declare chosen: string | undefined;

  constructor() {
    super();
    this.open = new Set();
  }

  protected override render() {
    const rows = artifactRows(this.folders, this.open);
    if (rows.length === 0) return nothing;
    const tabStop = rows.some(row => row.file.path === this.chosen) ? this.chosen : rows[0]?.file.path;
    return html`
      <section aria-labelledby="artifacts-title">
        <div class="section-head"><h2 id="artifacts-title">Artifacts</h2></div>
        <div class="artifacts">
          <div role="tree" class="artifact-tree" aria-labelledby="artifacts-title" @keydown=${(event: KeyboardEvent) => this.#key(event, rows)}>
            ${repeat(
              rows,
              row => row.file.path,
              row => this.#row(row, row.file.path === tabStop),
            )}
          </div>
          <div class="preview">${this.#preview(rows)}</div>
        </div>
      </section>
    `;
  }

  #row({ file, name, level, open }: ArtifactRow, tabStop: boolean): TemplateResult {
    const chosen = file.path === this.chosen;
    return html`
      <div role="treeitem" class="artifact level-${Math.min(level, 8)} ${chosen ? 'chosen' : ''}" data-path=${file.path}
        aria-level=${level} aria-selected=${chosen} aria-expanded=${file.isDir ? open : nothing}
        tabindex=${tabStop ? 0 : -1} @click=${() => this.#choose(file)}>
        ${icon(file.isDir ? (open ? 'chevron-down' : 'chevron-right') : 'blank')}
        ${icon(file.isDir ? 'folder' : 'file')}
        <span class="artifact-name">${name}</span>
        <span class="artifact-size">${file.size === undefined ? '' : formatBytes(file.size)}</span>
      </div>
    `;
  }

  #preview(rows: readonly ArtifactRow[]): TemplateResult {
    const row = rows.find(({ file }) => file.path === this.chosen && !file.isDir);
    if (!row) return html`<p class="faint">Choose a file to look into it.</p>`;
    const preview = this.previews.get(row.file.path);
    return html`
      <div class="preview-head">
        <span class="artifact-name">${row.file.path}</span>
        <modelthat-button appearance="icon" aria-label="Open ${row.name} in an editor" title="Open in an editor" @click=${() => this.tell('edit', row.file.path)}>
          <span class="codicon codicon-go-to-file"></span>
        </modelthat-button>
        <modelthat-button appearance="icon" aria-label="Save ${row.name}" title="Save…" @click=${() => this.tell('save', row.file.path)}>
          <span class="codicon codicon-save-as"></span>
        </modelthat-button>
      </div>
      ${preview ? previewContent(preview, row.name) : html`<p class="faint">Loading…</p>`}
    `;
  }

  #choose(file: ArtifactFile): void {
    this.chosen = file.path;
    if (!file.isDir) {
      this.tell('preview', file.path);
      return;
    }
    const open = new Set(this.open);
    if (!open.delete(file.path)) {
      open.add(file.path);
      if (!this.folders.has(file.path)) this.tell('list', file.path);
    }
    this.open = open;
  }

  /** The keys of a tree view: up and down move, right and left open and close, Enter chooses. */
  #key(event: KeyboardEvent, rows: readonly ArtifactRow[]): void {
    const path = (event.target as HTMLElement).dataset.path;
    const index = rows.findIndex(row => row.file.path === path);
    const row = rows[index];
    if (!row) return;
    const { file, open } = row;
    const moves: Record<string, () => void> = {
      ArrowDown: () => this.#focus(rows[index + 1]),
      ArrowUp: () => this.#focus(rows[index - 1]),
      Home: () => this.#focus(rows[0]),
      End: () => this.#focus(rows.at(-1)),
      ArrowRight: () => (file.isDir && !open ? this.#choose(file) : this.#focus(rows[index + 1])),
      ArrowLeft: () => (open ? this.#choose(file) : this.#focus(parentOf(row, rows))),
      Enter: () => this.#choose(file),
      ' ': () => this.#choose(file),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  }

  #focus(row: ArtifactRow | undefined): void {
    if (!row) return;
    this.querySelector<HTMLElement>(`[data-path="${CSS.escape(row.file.path)}"]`)?.focus();
  }
}

function parentOf(row: ArtifactRow, rows: readonly ArtifactRow[]): ArtifactRow | undefined {
  return rows.find(({ file }) => file.isDir && row.file.path === `${file.path}/${row.name}`);
}

/** An artifact's content as text or as an image: never as markup, since a script has made it. */
function previewContent(preview: Preview, name: string): TemplateResult {
  const cut = html`<p class="faint">Only the beginning is shown.</p>`;
  switch (preview.kind) {
    case 'image':
      return html`<img src=${preview.url} alt=${name}>`;
    case 'text':
      return html`<pre tabindex="0">${preview.text}</pre>${preview.cut ? cut : nothing}`;
    case 'table':
      return html`${cells(preview, name)}${preview.cut ? shownOf(preview) : nothing}`;
    case 'markdown':
      return html`<div class="scroll">${markdown(preview.text)}</div>${preview.cut ? cut : nothing}`;
    case 'summary':
      return html`
        ${factList('', preview.facts)}
        ${preview.tables.map(table => html`<h3>${table.title}</h3>${cells(table, table.title)}`)}
      `;
    case 'none':
      return html`<p class="faint">${preview.reason}</p>`;
  }
}

function cells({ header, rows }: PreviewTable, name: string): TemplateResult {
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${name}>
      <table class="grid">
        <thead><tr>${header.map(cell => html`<th scope="col">${cell}</th>`)}</tr></thead>
        <tbody>${rows.map(row => html`<tr>${row.map(cell => html`<td>${cell}</td>`)}</tr>`)}</tbody>
      </table>
    </div>
  `;
}

function shownOf({ rows, rowCount }: { rows: readonly unknown[]; rowCount?: number }): TemplateResult {
  const all = rowCount === undefined ? 'Only the beginning is shown' : `Of ${rowCount.toLocaleString()} rows`;
  return html`<p class="faint">${all}: the first ${rows.length}.</p>`;
}

customElements.define('modelthat-artifacts', Artifacts);
