/** The editor's theme as charts need it: canvas takes colours, not CSS variables. */

export interface ChartTheme {
  readonly line: string;
  readonly good: string;
  readonly text: string;
  readonly grid: string;
  readonly surface: string;
  readonly border: string;
  readonly font: string;
}

/** The colours of the theme that is on. */
export function chartTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string, other: string) => style.getPropertyValue(name).trim() || other;
  const text = color('--vscode-foreground', '#888888');
  const contrast = color('--vscode-contrastBorder', '');
  return {
    line: color('--vscode-charts-blue', '#3794ff'),
    good: color('--vscode-charts-green', '#388a34'),
    text: color('--vscode-descriptionForeground', text),
    grid: contrast ? withAlpha(contrast, 0.35) : withAlpha(text, 0.12),
    surface: color('--vscode-editorHoverWidget-background', '#252526'),
    border: color('--vscode-editorHoverWidget-border', '#454545'),
    font: color('--vscode-font-family', 'sans-serif'),
  };
}

/** What axes and tooltips of all charts look like. */
export function chartStyle(theme: ChartTheme) {
  const font = { family: theme.font, size: 11 };
  return {
    scale: { grid: { color: theme.grid, drawTicks: false }, border: { display: false } },
    ticks: { color: theme.text, font, padding: 6 },
    tooltip: {
      backgroundColor: theme.surface,
      borderColor: theme.border,
      borderWidth: 1,
      cornerRadius: 3,
      displayColors: false,
      titleColor: theme.text,
      bodyColor: theme.text,
      titleFont: font,
      bodyFont: font,
    },
  } as const;
}

/** Calls `changed` whenever the theme is another. @returns ends it */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => observer.disconnect();
}

/** A `#rgb`, `#rrggbb`, `#rrggbbaa` or `rgb(…)` colour, made translucent. */
export function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}
