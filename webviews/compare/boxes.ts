import { BoxAndWiskers, BoxPlotController } from '@sgratzl/chartjs-chart-boxplot';
import { CategoryScale, Chart, type ChartConfiguration, LinearScale, Tooltip } from 'chart.js';
import { html, type TemplateResult } from 'lit';
import type { CompareView } from '../../daemon/contract/compare-messages.ts';
import { formatMetric } from '../../daemon/contract/display.ts';
import { CHART_OPTIONS, ChartElement } from '../ui/chart-element.ts';
import { PageElement } from '../ui/element.ts';
import { type ChartTheme, chartStyle, withAlpha } from '../ui/theme.ts';
import { type Box, boxesOf } from './box-groups.ts';
import { choice, leftOut, nothingToDraw } from './choice.ts';
import type { Compared, ViewChange } from './comparison.ts';
import { chosenOf, dimensionsOf, targetOf } from './dimensions.ts';

Chart.register(BoxPlotController, BoxAndWiskers, CategoryScale, LinearScale, Tooltip);

/** A metric of the runs by the values of a parameter. Tells `view`. */
export class BoxesPart extends PageElement {
  static override properties = { compared: { attribute: false }, view: { attribute: false } };
  declare compared: Compared;
  declare view: CompareView;

  protected override render() {
    const dimensions = dimensionsOf(this.compared);
    const params = dimensions.filter(({ kind }) => kind === 'param');
    const metrics = dimensions.filter(({ kind }) => kind === 'metric');
    const by = chosenOf(params, this.view.x, params[0]);
    const metric = chosenOf(metrics, this.view.metric, targetOf(dimensions, this.compared));
    if (!by || !metric) return nothingToDraw('These runs do not differ both in a parameter and in a metric.');
    const { boxes, more } = boxesOf(by, metric);
    const shown = boxes.reduce((sum, { values }) => sum + values.length, 0);
    const why = `they have no ${by.name} or no ${metric.name}${more > 0 ? `, or one of the last ${more} values of ${by.name}` : ''}`;
    return html`
      <div class="toolbar">
        ${choice('Metric', metrics, metric, id => this.tell('view', { metric: id } satisfies ViewChange))}
        ${choice('By', params, by, id => this.tell('view', { x: id } satisfies ViewChange))}
      </div>
      <p class="faint" role="status">Boxes from the first to the third quartile with the median; whiskers to the last value within 1.5 times that distance. ${leftOut(shown, this.compared.runs.length, why)}</p>
      <modelthat-box-chart class="explore-box" .boxes=${boxes} .metric=${metric.name} .by=${by.name}></modelthat-box-chart>
      ${boxTable(boxes, by.name)}
    `;
  }
}

function boxTable(boxes: readonly Box[], by: string): TemplateResult {
  return html`
    <details>
      <summary>As a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Values by ${by}">
        <table class="grid">
          <thead><tr><th scope="col">${by}</th><th scope="col">Runs</th><th scope="col">Min</th><th scope="col">Median</th><th scope="col">Max</th></tr></thead>
          <tbody>
            ${boxes.map(
              ({ name, values, median }) => html`
                <tr><th scope="row">${name}</th><td>${values.length}</td><td>${formatMetric(Math.min(...values))}</td><td>${formatMetric(median)}</td><td>${formatMetric(Math.max(...values))}</td></tr>
              `,
            )}
          </tbody>
        </table>
      </div>
    </details>
  `;
}

class BoxChart extends ChartElement<'boxplot', number[][]> {
  static override properties = {
    boxes: { attribute: false },
    metric: { attribute: false },
    by: { attribute: false },
  };
  declare boxes: readonly Box[];
  declare metric: string;
  declare by: string;

  protected override describe(): string {
    const medians = this.boxes.map(({ name, median }) => `${name} ${formatMetric(median)}`);
    return `${this.metric} by ${this.by}, medians: ${medians.join(', ')}`;
  }

  protected override configure(theme: ChartTheme): ChartConfiguration<'boxplot', number[][]> {
    const { scale, ticks, tooltip } = chartStyle(theme);
    const title = (text: string) => ({ display: true, text, color: theme.text });
    return {
      type: 'boxplot',
      data: {
        labels: this.boxes.map(({ name }) => name),
        datasets: [
          {
            data: this.boxes.map(({ values }) => [...values]),
            borderColor: theme.line,
            backgroundColor: withAlpha(theme.line, 0.2),
            borderWidth: 1.5,
            // All runs as points: a box of three says little by itself.
            itemRadius: 2.5,
            itemBackgroundColor: withAlpha(theme.text, 0.6),
            itemBorderColor: 'transparent',
            outlierRadius: 3.5,
            outlierBackgroundColor: 'transparent',
            outlierBorderColor: theme.line,
            meanRadius: 0,
            maxBarThickness: 60,
          },
        ],
      },
      options: {
        ...CHART_OPTIONS,
        scales: {
          x: {
            ...scale,
            type: 'category',
            grid: { display: false },
            ticks: { ...ticks, maxRotation: 0 },
            title: title(this.by),
          },
          y: {
            ...scale,
            type: 'linear',
            beginAtZero: false,
            grace: '5%',
            title: title(this.metric),
            ticks: { ...ticks, maxTicksLimit: 7, callback: value => formatMetric(Number(value)) },
          },
        },
        plugins: {
          tooltip: {
            ...tooltip,
            callbacks: {
              label: ({ dataIndex }) => {
                const box = this.boxes[dataIndex];
                return box ? `median ${formatMetric(box.median)} of ${box.values.length}` : '';
              },
            },
          },
        },
      },
    };
  }
}

customElements.define('modelthat-boxes-part', BoxesPart);
customElements.define('modelthat-box-chart', BoxChart);
