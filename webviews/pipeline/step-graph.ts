import { html, type PropertyValues, type SVGTemplateResult, svg } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { PageElement } from '../ui/element.ts';
import { icon, toneIcon } from '../ui/icons.ts';
import { fittingLayout, type Layout, NODE } from './layout.ts';
import type { StepView } from './step-views.ts';
import { begin, fitting, pan, reveal, type Size, type View, zoom } from './viewport.ts';
import { type Arrow, walk } from './walk.ts';

const ZOOM_STEP = 1.25;
const PAN_STEP = 60;
/** Keys typed within this time are one word, for going to the step whose name begins with it. */
const WORD_MS = 800;

/**
 * The steps as a graph that can be moved and enlarged. Tells `choose` (a step's name).
 *
 * One tab stop: arrow keys follow the edges, letters go to the step with this name, Enter chooses.
 */
export class StepGraph extends PageElement {
  static override properties = {
    steps: { attribute: false },
    chosen: { attribute: false },
    view: { state: true },
    size: { state: true },
  };
  declare steps: readonly StepView[];
  /** Name of the step whose details are shown. */
  declare chosen: string | null;
  declare view: View;
  declare size: Size | undefined;
  #layout: Layout | undefined;
  /** What the layout was made for. */
  #structure = '';
  /** Whether a person moved or zoomed it, after which it is not moved by itself. */
  #moved = false;
  #drag: { readonly pointer: number; x: number; y: number } | undefined;
  #word = { text: '', at: 0 };
  readonly #resized = new ResizeObserver(([entry]) => {
    if (entry) this.#resize(entry.contentRect);
  });

  constructor() {
    super();
    this.view = { x: 0, y: 0, k: 1 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!this.size || !(changed.has('steps') || changed.has('size'))) return;
    const structure = structureOf(this.steps);
    if (structure !== this.#structure) {
      this.#structure = structure;
      this.#layout = fittingLayout(this.steps, this.size);
      this.#moved = false;
    } else if (!changed.has('size')) return;
    if (!this.#moved) this.#begin();
  }

  protected override render() {
    const laid = this.#layout;
    if (!laid) return html`<div class="graph"></div>`;
    const { x, y, k } = this.view;
    const critical = new Set(this.steps.filter(step => step.critical).map(step => step.name));
    const tabStop = this.steps.some(step => step.name === this.chosen) ? this.chosen : this.steps[0]?.name;
    return html`
      <div class="graph" @wheel=${this.#wheel} @pointerdown=${this.#grab} @pointermove=${this.#move}
        @pointerup=${this.#release} @pointercancel=${this.#release}>
        <svg role="group" aria-label="Graph of steps" aria-describedby="graph-keys" @keydown=${this.#key}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M 0 0.5 L 8 4 L 0 7.5 z"></path>
            </marker>
            <marker id="critical-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto">
              <path d="M 0 0.5 L 8 4 L 0 7.5 z"></path>
            </marker>
          </defs>
          <g transform="translate(${x} ${y}) scale(${k})">
            ${laid.edges.map(({ from, to, path }) => {
              const on = critical.has(from) && critical.has(to);
              return svg`<path class=${on ? 'edge critical' : 'edge'} d=${path} marker-end="url(#${on ? 'critical-arrow' : 'arrow'})"></path>`;
            })}
            ${repeat(
              this.steps,
              step => step.name,
              step => this.#node(step, laid, step.name === tabStop),
            )}
          </g>
        </svg>
        <p id="graph-keys" class="hidden">Arrow keys follow the edges, Enter shows the log, plus and minus zoom, 0 shows all.</p>
        <div class="graph-tools" role="toolbar" aria-label="Zoom">
          ${tool('Zoom in', 'zoom-in', () => this.#zoom(ZOOM_STEP))}
          ${tool('Zoom out', 'zoom-out', () => this.#zoom(1 / ZOOM_STEP))}
          ${tool('Show all', 'screen-full', () => this.#fit())}
        </div>
      </div>
    `;
  }

  #node(step: StepView, { nodes }: Layout, tabStop: boolean): SVGTemplateResult {
    const { name, tone, state, facts, critical, progress } = step;
    const { x = 0, y = 0 } = nodes.get(name) ?? {};
    const { width, height } = NODE;
    const chosen = name === this.chosen;
    const classes = [
      'node',
      `tone-${tone}`,
      ...(chosen ? ['chosen'] : []),
      ...(critical ? ['critical'] : []),
    ];
    const label = [`Step ${name}`, state, facts, ...(critical ? ['on the critical path'] : [])];
    return svg`
      <g class=${classes.join(' ')} transform="translate(${x - width / 2} ${y - height / 2})" data-step=${name}
        role="button" tabindex=${tabStop ? 0 : -1} aria-label=${label.filter(Boolean).join(', ')} aria-pressed=${chosen}
        @click=${() => this.tell('choose', name)}>
        <title>${[name, step.why].filter(Boolean).join('\n')}</title>
        <rect class="node-box" width=${width} height=${height} rx="4"></rect>
        <rect class="node-progress" x="1" y=${height - 3} width=${(width - 2) * (progress ?? 0)} height="2"></rect>
        <foreignObject width=${width} height=${height}>
          <div class="node-content">
            ${toneIcon(step.icon, tone)}
            <div class="node-text">
              <div class="node-name">${name}</div>
              <div class="node-facts">${[state, facts].filter(Boolean).join(' · ')}</div>
            </div>
          </div>
        </foreignObject>
      </g>
    `;
  }

  #begin(): void {
    if (!this.#layout || !this.size) return;
    const telling = this.steps.find(({ tone }) => tone === 'failed' || tone === 'running' || tone === 'lost');
    const place = this.#layout.nodes.get(this.chosen ?? telling?.name ?? this.steps[0]?.name ?? '');
    this.view = begin(this.#layout, this.size, place);
  }

  #resize({ width, height }: Size): void {
    if (width > 0 && height > 0) this.size = { width, height };
  }

  #fit(): void {
    if (!this.#layout || !this.size) return;
    this.#moved = true;
    this.view = fitting(this.#layout, this.size);
  }

  #zoom(factor: number, at?: { x: number; y: number }): void {
    const { width = 0, height = 0 } = this.size ?? {};
    this.#show(zoom(this.view, factor, at ?? { x: width / 2, y: height / 2 }));
  }

  #show(view: View): void {
    this.#moved = true;
    this.view = view;
  }

  /** Pinching arrives as a turn of the wheel with Ctrl. */
  #wheel(event: WheelEvent): void {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      const { left, top } = this.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      this.#zoom(Math.exp(-event.deltaY / 300), at);
    } else this.#show(pan(this.view, -event.deltaX, -event.deltaY));
  }

  #grab(event: PointerEvent): void {
    const target = event.target as Element;
    if (event.button !== 0 || target.closest('.node, .graph-tools')) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.#drag = { pointer: event.pointerId, x: event.clientX, y: event.clientY };
  }

  #move(event: PointerEvent): void {
    if (this.#drag?.pointer !== event.pointerId) return;
    this.#show(pan(this.view, event.clientX - this.#drag.x, event.clientY - this.#drag.y));
    this.#drag = { pointer: event.pointerId, x: event.clientX, y: event.clientY };
  }

  #release(): void {
    this.#drag = undefined;
  }

  #key(event: KeyboardEvent): void {
    const name = (event.target as Element).closest<SVGElement>('.node')?.dataset.step;
    if (name === undefined || event.altKey || event.metaKey) return;
    const act = event.ctrlKey ? this.#panBy(event.key) : this.#act(event.key, name);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #act(key: string, name: string): (() => void) | undefined {
    const names = this.steps.map(step => step.name);
    const acts: Record<string, () => void> = {
      Enter: () => this.tell('choose', name),
      ' ': () => this.tell('choose', name),
      Home: () => this.#focus(names[0]),
      End: () => this.#focus(names.at(-1)),
      '+': () => this.#zoom(ZOOM_STEP),
      '=': () => this.#zoom(ZOOM_STEP),
      '-': () => this.#zoom(1 / ZOOM_STEP),
      '0': () => this.#fit(),
    };
    if (acts[key]) return acts[key];
    const laid = this.#layout;
    if (laid && key.startsWith('Arrow')) return () => this.#focus(walk(laid, name, key as Arrow));
    return key.length === 1 ? () => this.#focus(this.#typed(key)) : undefined;
  }

  #panBy(key: string): (() => void) | undefined {
    const [dx, dy] =
      { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key] ?? [];
    if (dx === undefined || dy === undefined) return undefined;
    return () => this.#show(pan(this.view, dx * PAN_STEP, dy * PAN_STEP));
  }

  /** The first step whose name begins with what was typed of late. */
  #typed(letter: string): string | undefined {
    const now = performance.now();
    const text = (now - this.#word.at < WORD_MS ? this.#word.text : '') + letter.toLowerCase();
    this.#word = { text, at: now };
    return this.steps.find(({ name }) => name.toLowerCase().startsWith(text))?.name;
  }

  #focus(name: string | undefined): void {
    const place = name === undefined ? undefined : this.#layout?.nodes.get(name);
    if (!place || !this.size) return;
    this.view = reveal(this.view, place, NODE, this.size);
    this.querySelector<SVGElement>(`[data-step="${CSS.escape(place.name)}"]`)?.focus({ preventScroll: true });
  }
}

/** The same for the same steps in whichever order, so that the graph stays as it is from one execution to the next. */
function structureOf(steps: readonly StepView[]): string {
  return JSON.stringify(steps.map(({ name, needs }) => [name, needs]).sort());
}

function tool(title: string, name: string, act: () => void) {
  return html`<button class="tool" title=${title} aria-label=${title} @click=${act}>${icon(name)}</button>`;
}

customElements.define('modelthat-step-graph', StepGraph);
