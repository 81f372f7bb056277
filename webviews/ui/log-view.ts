import './log.css';
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import { formatBytes } from '../../daemon/contract/display.ts';
import type {
  LogFound,
  LogPart,
  LogPiece,
  LogPlace,
  LogSearch,
} from '../../daemon/contract/pipeline-messages.ts';
import type { LogFindings } from '../../daemon/contract/pipelines.ts';
import { type Look, type Span, withoutAnsi } from './ansi.ts';
import { PageElement } from './element.ts';
import { icon } from './icons.ts';
import { type Place, placesIn } from './log-places.ts';
import { countOf, foundInWords, type Occurrences, stepFrom, type Target } from './log-search.ts';
import { cutSpans, type Found, findInLines, type LogLine, LogText } from './log-text.ts';

/** How much is read at once, in bytes. */
const PAGE = 262_144;
/** A log that has grown by more than this since it was last read is shown from its end on. */
const BEHIND = 1_000_000;
const FOLLOW_MS = 500;
/** Lines that are drawn together. */
const BLOCK = 100;
/** More occurrences than these are not marked. */
const MOST_FOUND = 2_000;
/** Typing is over when nothing was typed for so long. */
const TYPING_MS = 300;
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
 * Tells `read` (a LogRequest) and `seek` (a LogSearch), whose answers are to be given to `receive` and `receiveFound`,
 * and `openPlace` (a LogPlace).
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
  /** What is found outside of the text. */
  #beyond: LogFindings | undefined;
  /** What was asked for last, and where the text began then. */
  #asked = { query: '', start: 0 };
  #asking: ReturnType<typeof setTimeout> | undefined;
  /** What the text was read for. */
  #target: Target | undefined;
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
    clearTimeout(this.#asking);
  }

  /** Takes in what was found in the whole log; answers to earlier questions are dropped. */
  receiveFound({ executionId, step, text, before, findings }: LogFound): void {
    if (executionId !== this.executionId || step !== this.step) return;
    if (text !== this.query || before !== this.#text?.start) return;
    this.#beyond = findings;
    this.requestUpdate();
  }

  /** Takes in an answer; those to questions about another log are dropped. */
  receive({ executionId, step, text, offset, nextOffset, size, complete }: LogPiece): void {
    if (executionId !== this.executionId || step !== this.step) return;
    // What was asked for before the part that is wanted now.
    if (!this.#text && this.#target && offset !== this.#target.from) return;
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
    if (changed.has('query') || changed.has('version')) {
      this.#find(changed.has('query'));
      this.#askBeyond();
    }
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
        ${this.#later()}
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
    this.#target = undefined;
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

  #later(): TemplateResult | typeof nothing {
    const text = this.#text;
    if (!text || this.#hasEnd || this.#following) return nothing;
    const read = () => this.#read({ offset: text.end, limit: PAGE });
    return html`<button class="link log-later" @click=${read}>Later output (${formatBytes(this.#size - text.end)})</button>`;
  }

  #sizes(): string {
    const text = this.#text;
    if (!text) return 'Loading…';
    if (this.#size === 0) return this.#complete ? 'It printed nothing.' : 'Nothing is printed yet.';
    const held = text.end - text.start;
    return held < this.#size ? `${formatBytes(held)} of ${formatBytes(this.#size)}` : formatBytes(held);
  }

  #search(): TemplateResult {
    const occurrences = this.#occurrences;
    const found = foundInWords(occurrences, occurrences.held >= MOST_FOUND);
    const none = countOf(occurrences) === 0;
    return html`
      <div class="log-search" role="search">
        <input type="search" placeholder="Search the log" aria-label="Search the log" .value=${this.query}
          @input=${(event: Event) => (this.query = (event.target as HTMLInputElement).value)} @keydown=${this.#searchKey}>
        <span class="faint log-found" role="status">${this.query ? found : ''}</span>
        <button class="tool" title="Previous" aria-label="Previous result" ?disabled=${none} @click=${() => this.#step(-1)}>${icon('arrow-up')}</button>
        <button class="tool" title="Next" aria-label="Next result" ?disabled=${none} @click=${() => this.#step(1)}>${icon('arrow-down')}</button>
      </div>
    `;
  }

  #searchKey(event: KeyboardEvent): void {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    this.#step(event.shiftKey ? -1 : 1);
  }

  get #occurrences(): Occurrences {
    return { held: this.#found.length, current: this.current, beyond: this.#beyond };
  }

  #find(anew: boolean): void {
    this.#found = this.#text ? findInLines(this.#text.lines, this.query, MOST_FOUND) : [];
    const target = this.#reached();
    // The newest is what is looked for first; what comes in later does not move it.
    if (anew || target !== undefined) {
      this.current = target ?? Math.max(0, this.#found.length - 1);
      if (this.#found.length > 0) this.#show();
    } else this.current = Math.max(0, Math.min(this.current, this.#found.length - 1));
  }

  /** Which of the occurrences the text was read for, once it is there. */
  #reached(): number | undefined {
    const target = this.#target;
    if (!target || !this.#text) return undefined;
    this.#target = undefined;
    const line = this.#text.lineAt(target.line);
    const index = target.last
      ? this.#found.findLastIndex(found => found.line === line)
      : this.#found.findIndex(found => found.line >= line);
    return index < 0 ? undefined : index;
  }

  /** Asks for what is found outside of the text, if it is not the whole log. */
  #askBeyond(): void {
    const text = this.#text;
    const asked = { query: this.query, start: text?.start ?? 0 };
    if (asked.query === this.#asked.query && asked.start === this.#asked.start) return;
    this.#asked = asked;
    clearTimeout(this.#asking);
    this.#beyond = undefined;
    if (!text || this.query === '' || (text.start === 0 && this.#hasEnd)) return;
    const { executionId, step, query } = this;
    const after = this.#hasEnd ? text.end : text.ended;
    const search = { executionId, step, text: query, before: text.start, after };
    this.#asking = setTimeout(() => this.tell<LogSearch>('seek', search), TYPING_MS);
  }

  #step(by: 1 | -1): void {
    const next = stepFrom(this.#occurrences, by);
    if (next === undefined) return;
    if (typeof next === 'number') {
      this.current = next;
      this.#show();
    } else this.#goTo(next);
  }

  /** Shows another part of the log. */
  #goTo(target: Target): void {
    clearTimeout(this.#timer);
    this.#text = undefined;
    this.#following = false;
    this.#target = target;
    this.#read({ offset: target.from, limit: PAGE });
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

/** What is drawn alike, and whether it was found, or is a place in a file. */
type DrawnSpan = Span & { readonly found?: Found; readonly place?: Place };

function drawLine(
  { raw, spans }: LogLine,
  found: readonly Found[] | undefined,
  current: Found | undefined,
): TemplateResult {
  const places = placesIn(withoutAnsi(raw));
  const placed = cutSpans<DrawnSpan, Place>(spans, places, (span, place) => ({ ...span, place }));
  const marked = cutSpans<DrawnSpan, Found>(placed, found ?? [], (span, mark) => ({ ...span, found: mark }));
  return html`<div class="log-line">${marked.map(span => drawSpan(span, current))}</div>`;
}

function drawSpan({ text, look, found, place }: DrawnSpan, current: Found | undefined): unknown {
  const marked = found ? html`<mark class=${found === current ? 'current' : ''}>${text}</mark>` : text;
  const content = place ? drawPlace(place, marked) : marked;
  const classes = classesOf(look);
  if (classes.length === 0 && typeof look.color !== 'string' && typeof look.background !== 'string')
    return content;
  return html`<span class=${classes.join(' ')} ${ref(element => paint(element, look))}>${content}</span>`;
}

/** Not a button: its text is to be selected and copied with the rest. */
function drawPlace({ path, line }: Place, content: unknown): TemplateResult {
  const open = (event: Event) => {
    const detail: LogPlace = { path, line };
    event.currentTarget?.dispatchEvent(new CustomEvent('openPlace', { detail, bubbles: true }));
  };
  const openByKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') open(event);
  };
  return html`<a class="place" role="link" tabindex="0" title="Open ${path}, line ${line}" @click=${open} @keydown=${openByKey}>${content}</a>`;
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
