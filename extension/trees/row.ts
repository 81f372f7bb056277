/** What one line of a tree says, free of the editor's API so that it can be shaped and tested anywhere. */
export interface Row {
  /** Unique in its tree and stable over refreshes. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  readonly icon?: Icon;
  /** The editor's `contextValue`: a type and its traits with dots between, matched by the menus: `step.waiting.logged`. */
  readonly kind: string;
  readonly opens: 'never' | 'closed' | 'open';
  /** What a screen reader says in place of label and description. */
  readonly spoken: string;
  /** Markdown, shown on hover. */
  readonly tooltip?: string;
}

/** A codicon and the theme colour it has. */
export interface Icon {
  readonly name: string;
  readonly color?: string;
}

/** Theme colours that carry a meaning, the same in every tree. */
export const COLOR = {
  good: 'testing.iconPassed',
  bad: 'testing.iconFailed',
  active: 'charts.blue',
  warning: 'list.warningForeground',
  faint: 'disabledForeground',
} as const;

/** Text made safe to stand in Markdown: nothing a script logged becomes a link, an image or HTML. */
export function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+\-.!|<>~&]/g, String.raw`\$&`).replaceAll(/\s+/g, ' ');
}

/** A two-column Markdown table; empty without rows. */
export function markdownTable(rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const lines = rows.map(([name, value]) => `| ${plain(name)} | ${plain(value)} |`);
  return ['| | |', '|:--|:--|', ...lines].join('\n');
}
