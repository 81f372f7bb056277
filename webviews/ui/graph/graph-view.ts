import './graph.css';
import { html, type PropertyValues, type SVGTemplateResult, svg, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { PageElement } from '../element.ts';
import { icon } from '../icons.ts';
import { fittingLayout, type GraphNode, type Layout, NODE } from './layout.ts';
import { begin, fitting, pan, reveal, type Size, type View, zoom } from './viewport.ts';
import { type Arrow, walk } from './walk.ts';

const ZOOM_STEP = 1.25;
const PAN_STEP = 60;
/** Keys typed within this time are one word, for going to the step whose name begins with it. */
const WORD_MS = 800;

/** How a node is drawn. */
export interface DrawnNode {
  /** Classes besides those that all have. */
  readonly classes: readonly string[];
  /** Its text for a screen reader. */
  readonly label: string;
  /** Its tooltip. */
  readonly title: string;
  readonly icon: TemplateResult;
  /** In two lines. */
  readonly name: string;
  readonly facts: string;
  /** How far it is, from 0 to 1. */
  readonly progress: number | null;
}

/**
 * A graph that can be moved and enlarged. Tells `choose` (a node's name), and `open` when what is chosen is chosen again.
 *
 * One tab stop: arrow keys follow the edges, letters go to the node with this label, Enter chooses.
 */
export abstract class GraphView<Node extends GraphNode> extends PageElement {
  static override properties = {
    nodes: { attribute: false },
    chosen: { attribute: false },
    view: { state: true },
    size: { state: true },
  };
  declare nodes: readonly Node[];
  /** Name of the node whose details are shown. */
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

  /** What the graph is called, and what its keys do, for a screen reader. */
  protected abstract readonly names: { readonly graph: string; readonly keys: string };

  constructor() {
    super();
    this.view = { x: 0, y: 0, k: 1 };
  }

  protected abstract draw(node: Node): DrawnNode;

  /** Names of the nodes between which edges stand out. */
  protected abstract get strong(): ReadonlySet<string>;

  /** The node to begin at, where not all of them can be read at once. */
  protected abstract get telling(): string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (!this.size || !(changed.has('nodes') || changed.has('size'))) return;
    const structure = structureOf(this.nodes);
    if (structure !== this.#structure) {
      this.#structure = structure;
      this.#layout = fittingLayout(this.nodes, this.size);
      this.#moved = false;
    } else if (!changed.has('size')) return;
    if (!this.#moved) this.#begin();
  }

  protected override render() {
    const laid = this.#layout;
    if (!laid) return html`<div class="graph"></div>`;
    const { x, y, k } = this.view;
    const { strong } = this;
    const tabStop = this.nodes.some(node => node.name === this.chosen) ? this.chosen : this.nodes[0]?.name;
    return html`
      <div class="graph" @wheel=${this.#wheel} @pointerdown=${this.#grab} @pointermove=${this.#move}
        @pointerup=${this.#release} @pointercancel=${this.#release}>
        <svg role="group" aria-label=${this.names.graph} aria-describedby="graph-keys" @keydown=${this.#key}>
          <defs>
            <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
              <path d="M 0 0.5 L 8 4 L 0 7.5 z"></path>
            </marker>
            <marker id="strong-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto">
              <path d="M 0 0.5 L 8 4 L 0 7.5 z"></path>
            </marker>
          </defs>
          <g transform="translate(${x} ${y}) scale(${k})">
            ${laid.edges.map(({ from, to, path }) => {
              const on = strong.has(from) && strong.has(to);
              return svg`<path class=${on ? 'edge strong' : 'edge'} d=${path} marker-end="url(#${on ? 'strong-arrow' : 'arrow'})"></path>`;
            })}
            ${repeat(
              this.nodes,
              node => node.name,
              node => this.#node(node, laid, node.name === tabStop),
            )}
          </g>
        </svg>
        <p id="graph-keys" class="hidden">${this.names.keys}</p>
        <div class="graph-tools" role="toolbar" aria-label="Zoom">
          ${tool('Zoom in', 'zoom-in', () => this.#zoom(ZOOM_STEP))}
          ${tool('Zoom out', 'zoom-out', () => this.#zoom(1 / ZOOM_STEP))}
          ${tool('Show all', 'screen-full', () => this.#fit())}
        </div>
      </div>
    `;
  }

  #node(node: Node, { nodes }: Layout, tabStop: boolean): SVGTemplateResult {
    const { name } = node;
    const drawn = this.draw(node);
    const { x = 0, y = 0 } = nodes.get(name) ?? {};
    const { width, height } = NODE;
    const chosen = name === this.chosen;
    const classes = ['node', ...drawn.classes, ...(chosen ? ['chosen'] : [])];
    return svg`
      <g class=${classes.join(' ')} transform="translate(${x - width / 2} ${y - height / 2})" data-node=${name}
        role="button" tabindex=${tabStop ? 0 : -1} aria-label=${drawn.label} aria-pressed=${chosen}
        @click=${() => this.tell('choose', name)} @dblclick=${() => this.tell('open', name)}>
        <title>${drawn.title}</title>
        <rect class="node-box" width=${width} height=${height} rx="4"></rect>
        <rect class="node-progress" x="1" y=${height - 3} width=${(width - 2) * (drawn.progress ?? 0)} height="2"></rect>
        <foreignObject width=${width} height=${height}>
          <div class="node-content">
            ${drawn.icon}
            <div class="node-text">
              <div class="node-name">${drawn.name}</div>
              <div class="node-facts">${drawn.facts}</div>
            </div>
          </div>
        </foreignObject>
      </g>
    `;
  }

  #begin(): void {
    if (!this.#layout || !this.size) return;
    const place = this.#layout.nodes.get(this.chosen ?? this.telling ?? this.nodes[0]?.name ?? '');
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
    const name = (event.target as Element).closest<SVGElement>('.node')?.dataset.node;
    if (name === undefined || event.altKey || event.metaKey) return;
    const act = event.ctrlKey ? this.#panBy(event.key) : this.#act(event.key, name);
    if (!act) return;
    event.preventDefault();
    act();
  }

  #act(key: string, name: string): (() => void) | undefined {
    const names = this.nodes.map(node => node.name);
    const acts: Record<string, () => void> = {
      Enter: () => this.tell(name === this.chosen ? 'open' : 'choose', name),
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

  /** The first node whose label begins with what was typed of late. */
  #typed(letter: string): string | undefined {
    const now = performance.now();
    const text = (now - this.#word.at < WORD_MS ? this.#word.text : '') + letter.toLowerCase();
    this.#word = { text, at: now };
    return this.nodes.find(node => this.draw(node).name.toLowerCase().startsWith(text))?.name;
  }

  #focus(name: string | undefined): void {
    const place = name === undefined ? undefined : this.#layout?.nodes.get(name);
    if (!place || !this.size) return;
    this.view = reveal(this.view, place, NODE, this.size);
    this.querySelector<SVGElement>(`[data-node="${CSS.escape(place.name)}"]`)?.focus({ preventScroll: true });
  }
}

/** The same for the same nodes in whichever order, so that the graph stays as it is from one execution to the next. */
function structureOf(nodes: readonly GraphNode[]): string {
  return JSON.stringify(nodes.map(({ name, needs }) => [name, needs]).sort());
}

function tool(title: string, name: string, act: () => void) {
  return html`<button class="tool" title=${title} aria-label=${title} @click=${act}>${icon(name)}</button>`;
}
