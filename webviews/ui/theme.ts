/** The editor's theme as charts need it: canvas takes colours, not CSS variables. */

export interface ChartTheme {
  readonly line: string;
  readonly good: string;
  /** Colours that tell lines and points apart. */
  readonly palette: readonly string[];
  readonly text: string;
  readonly grid: string;
  readonly surface: string;
  readonly border: string;
  readonly font: string;
}

/** The editor's colours of charts, with what stands for one that a theme does not have. */
const PALETTE = [
  ['charts-blue', '#3794ff'],
  ['charts-red', '#f14c4c'],
  ['charts-green', '#89d185'],
  ['charts-purple', '#b180d7'],
  ['charts-yellow', '#cca700'],
  // The orange of charts is too pale for a line in light themes.
  ['terminal-ansiCyan', '#11a8cd'],
] as const;

/** Lines of the same colour are told apart by these, so that no line goes by its colour alone for long. */
const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]] as const;

/** What a line looks like. */
export interface LineStyle {
  readonly color: string;
  readonly dash: readonly number[];
}

/** The look of one of many lines, by its place: all colours in full, then dashed and so on; then from the start again. */
export function lineStyle({ palette }: ChartTheme, place: number): LineStyle {
  const dash = DASHES[Math.floor(place / palette.length) % DASHES.length] ?? [];
  return { color: palette[place % palette.length] ?? 'currentColor', dash };
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
    palette: PALETTE.map(([name, other]) => color(`--vscode-${name}`, other)),
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
      footerColor: theme.text,
      titleFont: font,
      bodyFont: font,
      footerFont: font,
    },
  } as const;
}

/** A colour between two of the theme, for values from 0 to 1: blue to yellow, which all eyes tell apart. */
export function rampColor({ palette }: ChartTheme, place: number): string {
  const [low = 'currentColor', , , , high = 'currentColor'] = palette;
  return `color-mix(in oklab, ${high} ${Math.round(place * 100)}%, ${low})`;
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
