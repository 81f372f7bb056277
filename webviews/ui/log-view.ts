import './log.css';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatBytes } from '../../daemon/contract/display.ts';
import type { LogPart, LogPiece } from '../../daemon/contract/pipeline-messages.ts';
import type { Look, Span } from './ansi.ts';
import { PageElement } from './element.ts';
import { icon } from './icons.ts';
import { type Found, findInLines, type LogLine, LogText, markSpans } from './log-text.ts';

/** How much is read at once, in bytes. */
const PAGE = 262_144;
/** A log that has grown by more than this since it was last read is shown from its end on. */
const BEHIND = 1_000_000;
const FOLLOW_MS = 500;
/** Lines that are drawn together. */
const BLOCK = 100;
/** More occurrences than these are not marked. */
const MOST_FOUND = 2_000;
/** Nearer to the end than this, in pixels, the end is what is looked at. */
const AT_END = 24;

/** A part of a log that is wanted. */
export interface LogRequest {
  readonly executionId: string;
  readonly step: string;
  readonly part: LogPart;
}

/**
 * The log of a step, as a terminal shows it: colours kept, its end followed while it grows, earlier pages on demand.
 * Tells `read` (a LogRequest), whose answer is to be given to `receive`.
 */
export class LogView extends PageElement {
  static override properties = {
    executionId: { attribute: false },
    step: { attribute: false },
    version: { state: true },
    query: { state: true },
    current: { state: true },
  };
  declare executionId: string;
  declare step: string;
  /** Counts what came in: the text itself changes in its place. */
  declare version: number;
  declare query: string;
  /** Which of the occurrences is looked at. */
  declare current: number;
  #text: LogText | undefined;
  #size = 0;
  #complete = false;
  #found: readonly Found[] = [];
  /** Whether the end is kept in sight. */
  #following = true;
  /** Height of the content before earlier lines came in front of it. */
  #heightBefore: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.version = 0;
    this.query = '';
    this.current = 0;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  /** Takes in an answer; those to questions about another log are dropped. */
  receive({ executionId, step, text, offset, nextOffset, size, complete }: LogPiece): void {
    if (executionId !== this.executionId || step !== this.step) return;
    this.#size = size;
    this.#text ??= new LogText(offset);
    if (nextOffset === this.#text.start && nextOffset > offset) {
      this.#heightBefore = this.#scroller?.scrollHeight;
      this.#text = this.#text.prepend(text, offset);
    } else if (offset === this.#text.end) {
      this.#complete = complete;
      this.#text.append(text);
    }
    this.version += 1;
    this.#readOn();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('executionId') || changed.has('step')) this.#restart();
    if (changed.has('query') || changed.has('version')) this.#find(changed.has('query'));
  }

  protected override render() {
    return html`
      <div class="log-tools">
        ${this.#search()}
        <span class="faint log-size">${this.#sizes()}</span>
        <button class="tool" title="Go to the end" aria-label="Go to the end" @click=${() => this.#toEnd()}>
          ${icon('arrow-down')}
        </button>
      </div>
      <div class="log" role="region" tabindex="0" aria-label="Log of ${this.step}" @scroll=${this.#scrolled}>
        ${this.#earlier()}
        ${this.#lines()}
      </div>
    `;
  }

  protected override updated(_changed: PropertyValues): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    if (this.#heightBefore !== undefined) {
      scroller.scrollTop += scroller.scrollHeight - this.#heightBefore;
      this.#heightBefore = undefined;
    } else if (this.#following) scroller.scrollTop = scroller.scrollHeight;
  }

  get #scroller(): HTMLElement | null {
    return this.querySelector<HTMLElement>('.log');
  }

  /** Whether the end of what is there is also the end of what is shown. */
  get #hasEnd(): boolean {
    return this.#text !== undefined && this.#text.end >= this.#size;
  }

  #restart(): void {
    clearTimeout(this.#timer);
    this.#text = undefined;
    this.#size = 0;
    this.#complete = false;
    this.#following = true;
    if (this.executionId) this.#read({ tail: PAGE });
  }

  #readOn(): void {
    clearTimeout(this.#timer);
    const end = this.#text?.end ?? 0;
    // Whoever looks at earlier pages asks for the end.
    if (this.#complete || (!this.#hasEnd && !this.#following)) return;
    const readNext = () => this.#read({ offset: end, limit: PAGE });
    if (this.#size - end > BEHIND) this.#restart();
    else if (this.#hasEnd) this.#timer = setTimeout(readNext, FOLLOW_MS);
    else readNext();
  }

  #read(part: LogPart): void {
    this.tell<LogRequest>('read', { executionId: this.executionId, step: this.step, part });
  }

  #toEnd(): void {
    this.#following = true;
    if (this.#hasEnd) this.requestUpdate();
    else this.#restart();
  }

  #scrolled(): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    this.#following =
      this.#hasEnd && scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < AT_END;
  }

  #earlier(): TemplateResult | typeof nothing {
    const start = this.#text?.start ?? 0;
    if (start === 0) return nothing;
    const offset = Math.max(0, start - PAGE);
    const read = () => {
      this.#following = false;
      this.#read({ offset, limit: start - offset });
    };
    return html`<button class="link log-earlier" @click=${read}>Earlier output (${formatBytes(start)})</button>`;
  }

  #sizes(): string {
    const text = this.#text;
    if (!text) return 'Loading…';
    if (this.#size === 0) return this.#complete ? 'It printed nothing.' : 'Nothing is printed yet.';
    const held = text.end - text.start;
    return held < this.#size ? `${formatBytes(held)} of ${formatBytes(this.#size)}` : formatBytes(held);
  }

  #search(): TemplateResult {
    const number = this.#found.length;
    const count = number >= MOST_FOUND ? `${MOST_FOUND}+` : String(number);
    const found = number === 0 ? 'No results' : `${this.current + 1} of ${count}`;
    return html`
      <div class="log-search" role="search">
        <input type="search" placeholder="Search the log" aria-label="Search the log" .value=${this.query}
          @input=${(event: Event) => (this.query = (event.target as HTMLInputElement).value)} @keydown=${this.#searchKey}>
        <span class="faint log-found" role="status">${this.query ? found : ''}</span>
        <button class="tool" title="Previous" aria-label="Previous result" ?disabled=${number === 0} @click=${() => this.#step(-1)}>${icon('arrow-up')}</button>
        <button class="tool" title="Next" aria-label="Next result" ?disabled=${number === 0} @click=${() => this.#step(1)}>${icon('arrow-down')}</button>
      </div>
    `;
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    this.#step(event.shiftKey ? -1 : 1);
  }

  #find(anew: boolean): void {
    this.#found = this.#text ? findInLines(this.#text.lines, this.query, MOST_FOUND) : [];
    // The newest is what is looked for first; what comes in later does not move it.
    if (anew) {
      this.current = Math.max(0, this.#found.length - 1);
      if (this.#found.length > 0) this.#show();
    } else this.current = Math.max(0, Math.min(this.current, this.#found.length - 1));
  }

  #step(by: number): void {
    const { length } = this.#found;
    if (length === 0) return;
    this.current = (this.current + by + length) % length;
    this.#show();
  }

  #show(): void {
    this.#following = false;
    void this.updateComplete.then(() =>
      this.querySelector('mark.current')?.scrollIntoView({ block: 'center' }),
    );
  }

  #lines(): TemplateResult[] | unknown {
    const text = this.#text;
    if (!text) return nothing;
    const marks = Map.groupBy(this.#found, ({ line }) => Math.floor((line + text.dropped) / BLOCK));
    const current = this.#found[this.current];
    return html`
      ${repeat(
        blocksOf(text),
        ({ key }) => key,
        ({ key, lines, first }) =>
          guard([lines[0], lines.at(-1), marks.get(key), marks.has(key) && current], () => {
            const byLine = Map.groupBy(marks.get(key) ?? [], ({ line }) => line);
            return html`<div class="log-block">${lines.map((line, index) => drawLine(line, byLine.get(first + index), current))}</div>`;
          }),
      )}
      ${text.unfinished ? drawLine(text.unfinished, undefined, undefined) : nothing}
    `;
  }
}

interface Block {
  readonly key: number;
  readonly lines: readonly LogLine[];
  /** Index of its first line. */
  readonly first: number;
}

/** The lines in groups that stay the same while lines come at the end and go at the beginning. */
function blocksOf({ lines, dropped }: LogText): Block[] {
  const blocks: Block[] = [];
  for (let first = 0; first < lines.length; ) {
    const key = Math.floor((first + dropped) / BLOCK);
    const end = (key + 1) * BLOCK - dropped;
    blocks.push({ key, lines: lines.slice(first, end), first });
    first = end;
  }
  return blocks;
}

function drawLine(
  { spans }: LogLine,
  found: readonly Found[] | undefined,
  current: Found | undefined,
): TemplateResult {
  const marked = found ? markSpans(spans, found) : spans;
  return html`<div class="log-line">${marked.map(span => drawSpan(span, current))}</div>`;
}

function drawSpan(span: Span & { found?: Found }, current: Found | undefined): TemplateResult | string {
  const { text, look, found } = span;
  const content = found ? html`<mark class=${found === current ? 'current' : ''}>${text}</mark>` : text;
  const classes = classesOf(look);
  if (classes.length === 0 && typeof look.color !== 'string' && typeof look.background !== 'string')
    return found ? html`${content}` : text;
  return html`<span class=${classes.join(' ')} ${ref(element => paint(element, look))}>${content}</span>`;
}

function classesOf({ bold, dim, italic, underline, inverse, color, background }: Look): string[] {
  const flags = { bold, dim, italic, underline, inverse };
  return [
    ...Object.entries(flags).flatMap(([name, on]) => (on ? [`ansi-${name}`] : [])),
    ...(typeof color === 'number' ? [`ansi-fg-${color}`] : []),
    ...(typeof background === 'number' ? [`ansi-bg-${background}`] : []),
  ];
}

/** Colours without a class: the page's policy allows no style attribute, but setting a property is none. */
function paint(element: Element | undefined, { color, background }: Look): void {
  if (!(element instanceof HTMLElement)) return;
  element.style.color = typeof color === 'string' ? color : '';
  element.style.backgroundColor = typeof background === 'string' ? background : '';
}

customElements.define('modelthat-log-view', LogView);
