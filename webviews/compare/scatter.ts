import {
  Chart,
  type ChartConfiguration,
  LinearScale,
  type Point,
  PointElement,
  type ScaleOptionsByType,
  ScatterController,
  Tooltip,
} from 'chart.js';
import { html } from 'lit';
import type { CompareView } from '../../daemon/contract/compare-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { CHART_OPTIONS, ChartElement } from '../ui/chart-element.ts';
import { PageElement } from '../ui/element.ts';
import { type ChartTheme, chartStyle, rampColor } from '../ui/theme.ts';
import { choice, leftOut, nothingToDraw, valuesTable } from './choice.ts';
import type { Compared, ViewChange } from './comparison.ts';
import { type Axis, axisOf, chosenOf, type Dimension, dimensionsOf, targetOf, textOf } from './dimensions.ts';

Chart.register(ScatterController, PointElement, LinearScale, Tooltip);

/** The runs as points over two parameters or metrics. Tells `view` and `open` (the id of a run). */
export class ScatterPart extends PageElement {
  static override properties = { compared: { attribute: false }, view: { attribute: false } };
  declare compared: Compared;
  declare view: CompareView;

  protected override render() {
    const { runs } = this.compared;
    const dimensions = dimensionsOf(this.compared);
    const target = targetOf(dimensions, this.compared);
    const x = chosenOf(
      dimensions,
      this.view.x,
      dimensions.find(each => each !== target),
    );
    const y = chosenOf(dimensions, this.view.y, target);
    const color = chosenOf(dimensions, this.view.color, target);
    if (!x || !y || !color)
      return nothingToDraw(
        'These runs differ in fewer than two parameters and metrics: there is nothing to set against each other.',
      );
    const places = [...runs.keys()].filter(
      place => x.values[place] !== undefined && y.values[place] !== undefined,
    );
    return html`
      <div class="toolbar">
        ${choice('Across', dimensions, x, id => this.#choose({ x: id }))}
        ${choice('Up', dimensions, y, id => this.#choose({ y: id }))}
        ${choice('Colour', dimensions, color, id => this.#choose({ color: id }))}
      </div>
      <p class="faint" role="status">${leftOut(places.length, runs.length, `they have no ${x.name} or no ${y.name}`)} A click on a point opens its run.</p>
      <modelthat-scatter-chart class="explore-box" .runs=${runs} .places=${places} .x=${x} .y=${y} .color=${color}></modelthat-scatter-chart>
      <p class="ramp-note">${ramp(color)}</p>
      ${valuesTable(runs, [...new Set([x, y, color])], places)}
    `;
  }

  #choose(change: ViewChange): void {
    this.tell('view', change);
  }
}

/** What the colours stand for. */
export function ramp(color: Dimension) {
  const { ticks } = axisOf(color);
  return html`<span class="faint">${color.name}:</span> ${ticks[0]?.text} <span class="ramp" aria-hidden="true"></span> ${ticks.at(-1)?.text}`;
}

/** An axis of a chart that has places from 0 to 1 for whatever stands on it. */
export function scaleOf(axis: Axis, name: string, theme: ChartTheme) {
  const { scale, ticks } = chartStyle(theme);
  return {
    ...scale,
    type: 'linear' as const,
    min: -0.04,
    max: 1.04,
    title: { display: true, text: axis.log ? `${name} (log)` : name, color: theme.text },
    afterBuildTicks: (built: { ticks: { value: number }[] }) => {
      built.ticks = axis.ticks.map(({ place }) => ({ value: place }));
    },
    ticks: {
      ...ticks,
      maxRotation: 0,
      callback: (_value: number | string, index: number) => axis.ticks[index]?.text ?? '',
    },
  } satisfies Partial<Record<keyof ScaleOptionsByType<'linear'>, unknown>>;
}

class ScatterChart extends ChartElement<'scatter', Point[]> {
  static override properties = {
    runs: { attribute: false },
    places: { attribute: false },
    x: { attribute: false },
    y: { attribute: false },
    color: { attribute: false },
  };
  declare runs: readonly Run[];
  /** Of the runs that have both values. */
  declare places: readonly number[];
  declare x: Dimension;
  declare y: Dimension;
  declare color: Dimension;

  protected override describe(): string {
    return `${this.y.name} over ${this.x.name} of ${this.places.length} runs`;
  }

  protected override configure(theme: ChartTheme): ChartConfiguration<'scatter', Point[]> {
    const { runs, places, x, y, color } = this;
    const [across, up, colors] = [x, y, color].map(axisOf) as [Axis, Axis, Axis];
    const pointColor = (place: number) => {
      const at = colors.place(color.values[place]);
      return at === undefined ? theme.text : rampColor(theme, at);
    };
    return {
      type: 'scatter',
      data: {
        datasets: [
          {
            data: places.map(place => ({
              x: across.place(x.values[place]) ?? 0,
              y: up.place(y.values[place]) ?? 0,
            })),
            pointBackgroundColor: places.map(pointColor),
            pointBorderColor: theme.text,
            pointRadius: 5,
            pointHoverRadius: 7,
          },
        ],
      },
      options: {
        ...CHART_OPTIONS,
        onClick: (_event, [element]) => {
          const run = element && runs[places[element.index] ?? -1];
          if (run) this.tell('open', run.id);
        },
        scales: { x: scaleOf(across, x.name, theme), y: scaleOf(up, y.name, theme) },
        plugins: {
          tooltip: {
            ...chartStyle(theme).tooltip,
            callbacks: {
              title: ([item]) => runs[places[item?.dataIndex ?? -1] ?? -1]?.name ?? '',
              label: ({ dataIndex }) =>
                [...new Set([x, y, color])].map(
                  ({ name, values }) => `${name}  ${textOf(values[places[dataIndex] ?? -1])}`,
                ),
            },
          },
        },
      },
    };
  }
}

customElements.define('modelthat-scatter-part', ScatterPart);
customElements.define('modelthat-scatter-chart', ScatterChart);
