import { html, nothing, type TemplateResult } from 'lit';
import type { RunTableAction } from '../../daemon/contract/run-table-messages.ts';

/** What the buttons above the table do: act on runs, or change how these are looked at. */
export type ToolbarAction = RunTableAction | 'views' | 'columns';

/** The buttons above the table. @param selected how many runs are */
export function toolbar(selected: number, act: (action: ToolbarAction) => void): TemplateResult {
  const button = (action: ToolbarAction, title: string, icon: string) => html`
    <modelthat-button appearance="secondary" @click=${() => act(action)}>
      <span slot="start" class="codicon codicon-${icon}"></span>${title}
    </modelthat-button>
  `;
  const some = selected > 0;
  return html`
    <div class="actions">
      <span class="faint" role="status">${some ? `${selected.toLocaleString('en')} selected` : ''}</span>
      ${selected > 1 ? button('compare', 'Compare', 'git-compare') : nothing}
      ${some ? [button('delete', 'Delete', 'trash'), button('more', 'More…', 'ellipsis')] : nothing}
      ${button('export', some ? 'Export…' : 'Export All…', 'export')}
      ${some ? nothing : button('notebook', 'Notebook', 'notebook')}
      ${button('views', 'Views', 'bookmark')}${button('columns', 'Columns', 'list-selection')}
    </div>
  `;
}
