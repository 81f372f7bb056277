import { html, nothing, svg } from 'lit';
import type { CompareView } from '../../daemon/contract/compare-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { chartTheme, rampColor } from '../ui/theme.ts';
import { ThemedElement } from '../ui/themed-element.ts';
import { choice, leftOut, nothingToDraw, valuesTable } from './choice.ts';
import type { Compared, ViewChange } from './comparison.ts';
import { type Axis, axisOf, chosenOf, type Dimension, dimensionsOf, targetOf, textOf } from './dimensions.ts';
import { ramp } from './scatter.ts';
import { levelsOf, type Sample } from './surface.ts';

/** With fewer places, there is no surface between them. */
const LEAST_PLACES = 4;

/** A metric as a surface over two parameters. Tells `view` and `open` (the id of a run). */
export class ContourPart extends ThemedElement {
  static override properties = { compared: { attribute: false }, view: { attribute: false } };
  declare compared: Compared;
  declare view: CompareView;

  protected override render() {
    const dimensions = dimensionsOf(this.compared).filter(({ numeric }) => numeric);
    const metrics = dimensions.filter(({ kind }) => kind === 'metric');
    const metric = chosenOf(metrics, this.view.metric, targetOf(dimensions, this.compared));
    const others = dimensions.filter(each => each !== metric);
    const x = chosenOf(others, this.view.x, others[0]);
    const y = chosenOf(
      others,
      this.view.y,
      others.find(each => each !== x),
    );
    if (!metric || !x || !y || x === y)
      return nothingToDraw(
        'A contour needs a metric over two different parameters or metrics that are numbers.',
      );
    return html`
      <div class="toolbar">
        ${choice('Metric', metrics, metric, id => this.#choose({ metric: id }))}
        ${choice('Across', others, x, id => this.#choose({ x: id }))}
        ${choice('Up', others, y, id => this.#choose({ y: id }))}
      </div>
      ${this.#surface(metric, x, y)}
    `;
  }

  #surface(metric: Dimension, x: Dimension, y: Dimension) {
    const { runs } = this.compared;
    const [across, up] = [axisOf(x), axisOf(y)];
    const places = [...runs.keys()].filter(place =>
      [x, y, metric].every(({ values }) => values[place] !== undefined),
    );
    const samples = places.map(
      (place): Sample => ({
        x: across.place(x.values[place]) ?? 0,
        y: up.place(y.values[place]) ?? 0,
        value: Number(metric.values[place]),
      }),
    );
    const apart = new Set(samples.map(sample => `${sample.x} ${sample.y}`)).size;
    if (apart < LEAST_PLACES)
      return nothingToDraw(
        `A surface needs runs at ${LEAST_PLACES} or more places of ${x.name} and ${y.name}; there are ${apart}.`,
      );
    const theme = chartTheme();
    const label = `${metric.name} over ${x.name} and ${y.name} of ${places.length} runs`;
    return html`
      <p class="faint" role="status">Between the ${places.length} runs, which are the points, values are interpolated by inverse distance: nothing was measured there. ${leftOut(places.length, runs.length, 'they lack one of the three')}</p>
      <div class="contour">
        <div class="axis-up"><span>${up.ticks.at(-1)?.text}</span><span class="axis-name">${named(y, up)}</span><span>${up.ticks[0]?.text}</span></div>
        <svg class="contour-plot" viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label=${label}>
          ${levelsOf(samples).map(level => svg`<path d=${level.path} fill=${rampColor(theme, level.height)} fill-rule="evenodd" />`)}
        </svg>
        <svg class="contour-points" aria-hidden="true">
          ${places.map((place, index) => {
            const [run, sample] = [runs[place], samples[index]];
            const values = [x, y, metric].map(({ name, values: all }) => `${name} ${textOf(all[place])}`);
            return run && sample ? this.#point(run, sample, values.join(', ')) : nothing;
          })}
        </svg>
        <div class="axis-across"><span>${across.ticks[0]?.text}</span><span class="axis-name">${named(x, across)}</span><span>${across.ticks.at(-1)?.text}</span></div>
      </div>
      <p class="ramp-note">${ramp(metric)}</p>
      ${valuesTable(runs, [x, y, metric], places)}
    `;
  }

  #point(run: Run, { x, y }: Sample, values: string) {
    return svg`<circle cx="${x * 100}%" cy="${(1 - y) * 100}%" r="5" @click=${() => this.tell('open', run.id)}><title>${`${run.name}: ${values}`}</title></circle>`;
  }

  #choose(change: ViewChange): void {
    this.tell('view', change);
  }
}

const named = ({ name }: Dimension, { log }: Axis) => (log ? `${name} (log)` : name);

customElements.define('modelthat-contour-part', ContourPart);
