import { html, nothing, svg, type TemplateResult } from 'lit';
import type { CompareView } from '../../daemon/contract/compare-messages.ts';
import { chartTheme, rampColor } from '../ui/theme.ts';
import { ThemedElement } from '../ui/themed-element.ts';
import { choice, nothingToDraw, valuesTable } from './choice.ts';
import type { Compared, ViewChange } from './comparison.ts';
import { type Axis, axisOf, chosenOf, type Dimension, dimensionsOf, targetOf, textOf } from './dimensions.ts';
import { ramp } from './scatter.ts';

/** Axes that are shown until a person chooses them, besides the metric. */
const FIRST_AXES = 8;
const HEIGHT = 340;
const MARGIN = { top: 34, bottom: 14, side: 70 };
/** How far a key moves the end of a range. */
const STEP = 0.05;

type Range = readonly [low: number, high: number];
const WHOLE: Range = [0, 1];

/** An axis as it is drawn. */
interface Drawn {
  readonly dimension: Dimension;
  readonly axis: Axis;
  readonly x: number;
}

/**
 * The runs as lines across an axis for each parameter and metric. A range of an axis is chosen by dragging along it, or by
 * the arrow keys on its two ends; the runs outside are faint. Tells `view` and `open` (the id of a run).
 */
export class ParallelPart extends ThemedElement {
  static override properties = {
    compared: { attribute: false },
    view: { attribute: false },
    width: { state: true },
  };
  declare compared: Compared;
  declare view: CompareView;
  declare width: number;
  readonly #resized = new ResizeObserver(([entry]) => {
    if (entry) this.width = entry.contentRect.width;
  });
  /** Where a range that is being drawn began. */
  #begun: { readonly id: string; readonly place: number } | undefined;

  constructor() {
    super();
    this.width = 900;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  protected override render() {
    const { runs } = this.compared;
    const dimensions = dimensionsOf(this.compared);
    const target = targetOf(dimensions, this.compared);
    const color = chosenOf(dimensions, this.view.color, target);
    const shown = this.#shown(dimensions, target);
    if (!color || shown.length < 2)
      return html`${this.#axesChoice(dimensions, shown)}${nothingToDraw('Parallel coordinates need two parameters or metrics in which the runs differ.')}`;
    const drawn = shown.map((dimension, index): Drawn => {
      const room = Math.max(0, this.width - 2 * MARGIN.side);
      return { dimension, axis: axisOf(dimension), x: MARGIN.side + (index * room) / (shown.length - 1) };
    });
    const within = [...runs.keys()].filter(place => drawn.every(each => this.#isWithin(each, place)));
    return html`
      <div class="toolbar">
        ${choice('Colour', dimensions, color, id => this.#choose({ color: id }))}
        <modelthat-button appearance="secondary" ?disabled=${Object.keys(this.view.ranges).length === 0} @click=${() => this.#choose({ ranges: {} })}>Clear ranges</modelthat-button>
      </div>
      ${this.#axesChoice(dimensions, shown)}
      <p class="faint" role="status">${within.length} of ${runs.length} runs are within the ranges. ${shown.length < dimensions.length ? `${dimensions.length - shown.length} of ${dimensions.length} axes left out.` : ''}</p>
      <svg class="parallel" viewBox="0 0 ${Math.max(1, this.width)} ${HEIGHT}" role="group" aria-label="Parallel coordinates of ${runs.length} runs"
        @pointermove=${(event: PointerEvent) => this.#drag(event)} @pointerup=${() => this.#end()}>
        ${this.#lines(drawn, color, new Set(within))}
        ${drawn.map(each => this.#axis(each))}
      </svg>
      <p class="ramp-note">${ramp(color)}</p>
      ${valuesTable(runs, shown, within)}
    `;
  }

  #shown(dimensions: readonly Dimension[], target: Dimension | undefined): Dimension[] {
    const { axes } = this.view;
    if (axes) return dimensions.filter(({ id }) => axes.includes(id));
    const params = dimensions.filter(({ kind }) => kind === 'param').slice(0, FIRST_AXES);
    return target ? [...params, target] : params;
  }

  #axesChoice(dimensions: readonly Dimension[], shown: readonly Dimension[]): TemplateResult {
    const ids = shown.map(({ id }) => id);
    const toggle = (id: string) => (ids.includes(id) ? ids.filter(each => each !== id) : [...ids, id]);
    return html`
      <details>
        <summary>Axes: ${shown.length} of ${dimensions.length}</summary>
        <div class="axes">
          ${dimensions.map(({ id, name }) => html`<modelthat-checkbox ?checked=${ids.includes(id)} @change=${() => this.#choose({ axes: toggle(id) })}>${name}</modelthat-checkbox>`)}
        </div>
      </details>
    `;
  }

  #lines(drawn: readonly Drawn[], color: Dimension, within: ReadonlySet<number>) {
    const theme = chartTheme();
    const colors = axisOf(color);
    const line = (place: number) => {
      const at = colors.place(color.values[place]);
      const run = this.compared.runs[place];
      const told = drawn.map(({ dimension }) => `${dimension.name} ${textOf(dimension.values[place])}`);
      return svg`<path class="parallel-line ${within.has(place) ? '' : 'outside'}" d=${pathOf(drawn, place)}
        stroke=${at === undefined ? theme.text : rampColor(theme, at)} @click=${() => run && this.tell('open', run.id)}>
        <title>${`${run?.name}: ${told.join(', ')}`}</title></path>`;
    };
    const order = [...this.compared.runs.keys()].sort(
      (a, b) => Number(within.has(a)) - Number(within.has(b)),
    );
    return order.map(line);
  }

  #axis(drawn: Drawn) {
    const { dimension, axis, x } = drawn;
    const range = this.view.ranges[dimension.id];
    const [low, high] = range ?? WHOLE;
    const few =
      axis.ticks.length > 9
        ? axis.ticks.filter((_, index) => index % Math.ceil(axis.ticks.length / 9) === 0)
        : axis.ticks;
    return svg`
      <g>
        <text class="axis-name" x=${x} y="14">${short(dimension.name)}${axis.log ? ' (log)' : ''}<title>${dimension.name}</title></text>
        <line class="axis-line" x1=${x} x2=${x} y1=${yOf(1)} y2=${yOf(0)} />
        ${few.map(({ place, text }) => svg`<text class="axis-text" x=${x + 12} y=${yOf(place) + 4}>${short(text)}</text>`)}
        ${range ? svg`<rect class="range" x=${x - 6} width="12" y=${yOf(high)} height=${yOf(low) - yOf(high)} />` : nothing}
        <rect class="axis-grip" x=${x - 14} width="28" y=${MARGIN.top - 6} height=${HEIGHT - MARGIN.top - MARGIN.bottom + 12}
          @pointerdown=${(event: PointerEvent) => this.#begin(event, dimension.id)} />
        ${this.#rangeEnd(drawn, 0)}${this.#rangeEnd(drawn, 1)}
      </g>
    `;
  }

  /** An end of an axis's range, moved by the arrow keys. */
  #rangeEnd({ dimension, axis, x }: Drawn, end: 0 | 1) {
    const range = this.view.ranges[dimension.id] ?? WHOLE;
    const place = range[end];
    return svg`<rect class="range-end" x=${x - 8} width="16" y=${yOf(place) - 3} height="6" tabindex="0" role="slider"
      aria-label="${dimension.name}, ${end === 0 ? 'from' : 'to'}" aria-orientation="vertical" aria-valuemin="0" aria-valuemax="100"
      aria-valuenow=${Math.round(place * 100)} aria-valuetext=${axis.textAt(place)}
      @keydown=${(event: KeyboardEvent) => this.#key(event, dimension.id, end)} />`;
  }

  #key(event: KeyboardEvent, id: string, end: 0 | 1): void {
    const range = this.view.ranges[id] ?? WHOLE;
    const moves: Record<string, number> = {
      ArrowUp: range[end] + STEP,
      ArrowDown: range[end] - STEP,
      Home: 0,
      End: 1,
      Escape: end,
    };
    const place = moves[event.key];
    if (place === undefined) return;
    event.preventDefault();
    if (event.key === 'Escape') this.#setRange(id, WHOLE);
    else
      this.#setRange(
        id,
        end === 0 ? [Math.min(place, range[1]), range[1]] : [range[0], Math.max(place, range[0])],
      );
  }

  #begin(event: PointerEvent, id: string): void {
    (event.target as Element).setPointerCapture(event.pointerId);
    this.#begun = { id, place: this.#placeOf(event) };
  }

  #drag(event: PointerEvent): void {
    if (!this.#begun) return;
    const { id, place } = this.#begun;
    const now = this.#placeOf(event);
    this.#setRange(id, [Math.min(place, now), Math.max(place, now)]);
  }

  #end(): void {
    // A click, without a drag, gives the range up.
    const range = this.#begun && this.view.ranges[this.#begun.id];
    if (this.#begun && range && range[1] - range[0] < 0.01) this.#setRange(this.#begun.id, WHOLE);
    this.#begun = undefined;
  }

  #placeOf({ clientY }: PointerEvent): number {
    const box = this.querySelector('svg.parallel')?.getBoundingClientRect();
    if (!box) return 0;
    const y = ((clientY - box.top) * HEIGHT) / box.height;
    return 1 - (y - MARGIN.top) / (HEIGHT - MARGIN.top - MARGIN.bottom);
  }

  #setRange(id: string, [low, high]: Range): void {
    const { [id]: _, ...others } = this.view.ranges;
    const within = (place: number) => Math.min(1, Math.max(0, place));
    const range: [number, number] = [within(low), within(high)];
    this.#choose({ ranges: range[0] === 0 && range[1] === 1 ? others : { ...others, [id]: range } });
  }

  #isWithin({ dimension, axis }: Drawn, place: number): boolean {
    const range = this.view.ranges[dimension.id];
    if (!range) return true;
    const at = axis.place(dimension.values[place]);
    return at !== undefined && at >= range[0] - 1e-9 && at <= range[1] + 1e-9;
  }

  #choose(change: ViewChange): void {
    this.tell('view', change);
  }
}

function yOf(place: number): number {
  return MARGIN.top + (1 - place) * (HEIGHT - MARGIN.top - MARGIN.bottom);
}

/** A run's line, with gaps where it has no value. */
function pathOf(drawn: readonly Drawn[], place: number): string {
  let path = '';
  let open = false;
  for (const { dimension, axis, x } of drawn) {
    const at = axis.place(dimension.values[place]);
    if (at !== undefined) path += `${open ? 'L' : 'M'}${x.toFixed(1)},${yOf(at).toFixed(1)}`;
    open = at !== undefined;
  }
  return path;
}

const short = (text: string) => (text.length > 18 ? `${text.slice(0, 17)}…` : text);

customElements.define('modelthat-parallel-part', ParallelPart);
