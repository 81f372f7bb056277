import { html, type nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { ComparedImage, CompareView } from '../../daemon/contract/compare-messages.ts';
import type { Preview } from '../../daemon/contract/messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { nothingToDraw } from './choice.ts';
import { baselineOf, type Compared, type ViewChange } from './comparison.ts';

/** Which pictures there are; `cut` when not all folders were looked into. */
export interface ImagesOfRuns {
  readonly images: readonly ComparedImage[];
  readonly cut: boolean;
}

/** What was read of pictures, by `previewKey`. */
export type PreviewsOfRuns = ReadonlyMap<string, Preview>;

/** Names a picture of a run. */
export function previewKey({ runId, path }: { readonly runId: string; readonly path: string }): string {
  return `${runId}/${path}`;
}

/**
 * A picture of two runs over each other, with a slider between them, or beside each other. Tells `images` (it wants to know
 * which there are), `image` (a run and a path), and `view`.
 */
export class ImagesPart extends PageElement {
  static override properties = {
    compared: { attribute: false },
    view: { attribute: false },
    images: { attribute: false },
    previews: { attribute: false },
    split: { state: true },
  };
  declare compared: Compared;
  declare view: CompareView;
  declare images: ImagesOfRuns | undefined;
  declare previews: PreviewsOfRuns;
  /** How much of the first run's picture is seen, in per cent from the left. */
  declare split: number;
  readonly #asked = new Set<string>();

  constructor() {
    super();
    this.split = 50;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.tell('images', undefined);
  }

  protected override render() {
    if (!this.images) return nothingToDraw('Looking for pictures among the artifacts…');
    const cut = this.images.cut ? 'Not all folders were looked into: a run has very many.' : '';
    const chosen = this.#chosen();
    if (!chosen) return nothingToDraw(`No two of these runs have a picture of the same path. ${cut}`);
    const { image, before, now, shared } = chosen;
    const runs = this.compared.runs.filter(({ id }) => image.runIds.includes(id));
    return html`
      <div class="toolbar">
        ${select(
          'Picture',
          shared.map(({ path }) => [path, path]),
          image.path,
          path => this.#choose({ image: path }),
        )}
        ${select(
          'Set against the first',
          runs.filter(run => run !== before).map(({ id, name }) => [id, name]),
          now.id,
          id => this.#choose({ imageOf: id }),
        )}
        <modelthat-checkbox ?checked=${this.view.beside} @change=${(event: Event) => this.#choose({ beside: (event.target as HTMLInputElement).checked })}>Beside each other</modelthat-checkbox>
      </div>
      <p class="faint" role="status">${runs.length} of ${this.compared.runs.length} runs have this picture. ${cut}</p>
      ${this.view.beside ? html`<div class="beside">${this.#figure(before, image.path)}${this.#figure(now, image.path)}</div>` : this.#overlaid(before, now, image.path)}
    `;
  }

  protected override updated(_changed: PropertyValues): void {
    const chosen = this.#chosen();
    for (const run of chosen ? [chosen.before, chosen.now] : []) this.#ask(run.id, chosen?.image.path ?? '');
    // Through the object model: the page's policy allows no style in its markup.
    const over = this.querySelector<HTMLElement>('.over');
    if (over) over.style.clipPath = `inset(0 0 0 ${this.split}%)`;
  }

  /** The picture, the first run that has it – the baseline, where it does – and the one that is set against it. */
  #chosen() {
    const shared = (this.images?.images ?? []).filter(({ runIds }) => runIds.length > 1);
    const image = shared.find(({ path }) => path === this.view.image) ?? shared[0];
    if (!image) return undefined;
    const { runs } = this.compared;
    const having = runs.filter(({ id }) => image.runIds.includes(id));
    const baseline = baselineOf(runs, this.view);
    const before = having.find(run => run === baseline) ?? having[0];
    const others = having.filter(run => run !== before);
    const now = others.find(({ id }) => id === this.view.imageOf) ?? others[0];
    return before && now ? { shared, image, before, now } : undefined;
  }

  #overlaid(before: Run, now: Run, path: string): TemplateResult {
    return html`
      <div class="overlaid">
        ${this.#picture(before, path, '')}
        ${this.#picture(now, path, 'over')}
      </div>
      <label class="split"><span>${before.name}</span>
        <input type="range" min="0" max="100" .value=${String(this.split)} aria-label="How much of ${before.name} is seen, the rest is ${now.name}"
          @input=${(event: Event) => {
            this.split = Number((event.target as HTMLInputElement).value);
          }}>
        <span>${now.name}</span></label>
    `;
  }

  #figure(run: Run, path: string): TemplateResult {
    return html`<figure><figcaption>${run.name}</figcaption>${this.#picture(run, path, '')}</figure>`;
  }

  /** As an image, never as markup, since a script has made it. */
  #picture(run: Run, path: string, classes: string): TemplateResult | typeof nothing {
    const preview = this.previews.get(previewKey({ runId: run.id, path }));
    if (!preview) return html`<p class="faint">Loading ${path} of ${run.name}…</p>`;
    if (preview.kind === 'image')
      return html`<img class=${classes} src=${preview.url} alt="${path} of ${run.name}">`;
    return html`<p class="faint">${run.name}: ${preview.kind === 'none' ? preview.reason : 'This file is no picture.'}</p>`;
  }

  #ask(runId: string, path: string): void {
    const key = previewKey({ runId, path });
    if (this.#asked.has(key) || this.previews.has(key)) return;
    this.#asked.add(key);
    this.tell('image', { runId, path });
  }

  #choose(change: ViewChange): void {
    this.tell('view', change);
  }
}

function select(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
  choose: (value: string) => void,
): TemplateResult {
  return html`
    <label>${label}
      <select @change=${(event: Event) => choose((event.target as HTMLSelectElement).value)}>
        ${options.map(([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`)}
      </select>
    </label>
  `;
}

customElements.define('modelthat-images-part', ImagesPart);
