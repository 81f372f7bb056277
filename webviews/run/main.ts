import '../ui/controls.ts';
import '../ui/page.css';
import '../ui/record.css';
import './run.css';
import './artifacts.ts';
import './metric-charts.ts';
import './run-header.ts';
import './run-note.ts';
import './step-table.ts';
import { html, nothing } from 'lit';
import {
  type Preview,
  type RunAction,
  type RunLink,
  type RunPageMessage,
  type RunPageState,
  type RunSnapshot,
  SYSTEM_METRICS,
  type ToRunPage,
} from '../../daemon/contract/messages.ts';
import type { ArtifactFile, Series } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { factList } from '../ui/fact-list.ts';
import { Host } from '../ui/host.ts';
import { childRuns, childrenWithCharts } from './child-runs.ts';
import { emptiness, metricsTable, modelVersions, parentRun } from './facts.ts';
import type { ChartSettings, Watched } from './metric-charts.ts';

/** The tag that MLflow's interface shows as the description. */
const NOTE_TAG = 'mlflow.note.content';

/** Tags that the client sets itself and that the page shows elsewhere or not at all. */
const INTERNAL_TAG = /^(mlflow\.|modelthat\.)/;

/** The page of one run. Holds what the host sent, and passes on what a person does. */
export class RunPage extends PageElement {
  static override properties = {
    snapshot: { state: true },
    series: { state: true },
    folders: { state: true },
    previews: { state: true },
    problem: { state: true },
    settings: { state: true },
  };
  declare snapshot: RunSnapshot | undefined;
  /** Curves by run and metric. */
  declare series: ReadonlyMap<string, ReadonlyMap<string, Series>>;
  declare folders: ReadonlyMap<string, readonly ArtifactFile[]>;
  declare previews: ReadonlyMap<string, Preview>;
  declare problem: string;
  declare settings: ChartSettings;
  readonly #host = new Host<RunPageMessage, ToRunPage, RunPageState>();
  #store = '';

  constructor() {
    super();
    const { axis = 'step', logScale = false, smoothing = 0, folded = [SYSTEM_METRICS] } = this.#host.kept;
    this.series = new Map();
    this.folders = new Map();
    this.previews = new Map();
    this.problem = '';
    this.settings = { axis, logScale, smoothing, folded };
    this.#host.listen(message => this.#receive(message));
    this.#host.send({ type: 'ready' });
    this.#host.send({ type: 'list', path: '' });
  }

  protected override render() {
    const { snapshot, problem } = this;
    const notice = problem ? html`<p class="notice" role="alert">${problem}</p>` : nothing;
    if (!snapshot) return html`<main>${notice || html`<p class="faint">Loading the run…</p>`}</main>`;
    const { run } = snapshot;
    const open = ({ id }: Pick<RunLink, 'id'>) => this.#host.send({ type: 'open', runId: id });
    return html`
      <main>
        ${notice}
        <modelthat-run-header .snapshot=${snapshot}
          @act=${(event: CustomEvent<RunAction>) => this.#host.send({ type: 'act', action: event.detail })}></modelthat-run-header>
        <div class="columns">
          <div class="wide">
            ${snapshot.steps.length > 0 ? html`<modelthat-step-table .steps=${snapshot.steps} @open=${(event: CustomEvent<string>) => open({ id: event.detail })}></modelthat-step-table>` : nothing}
            <modelthat-run-note .text=${run.tags[NOTE_TAG] ?? ''}
              @note=${(event: CustomEvent<string>) => this.#host.send({ type: 'note', text: event.detail })}></modelthat-run-note>
            ${emptiness(snapshot)}
            ${this.#charts(run, 'Charts')}
            ${childRuns(snapshot, open)}
            ${childrenWithCharts(snapshot).map(child => this.#charts(child, `Charts of ${child.name}`))}
            ${metricsTable(run.metrics)}
            <modelthat-artifacts .folders=${this.folders} .previews=${this.previews}
              @list=${(event: CustomEvent<string>) => this.#host.send({ type: 'list', path: event.detail })}
              @preview=${(event: CustomEvent<string>) => this.#host.send({ type: 'preview', path: event.detail })}
              @edit=${(event: CustomEvent<string>) => this.#host.send({ type: 'edit', path: event.detail })}
              @save=${(event: CustomEvent<string>) => this.#host.send({ type: 'save', path: event.detail })}></modelthat-artifacts>
          </div>
          <aside>
            ${modelVersions(snapshot)}
            ${parentRun(snapshot, open)}
            ${factList('Parameters', sorted(run.params))}
            ${factList('Details', details(snapshot))}
            ${factList(
              'Tags',
              sorted(run.tags).filter(([name]) => !INTERNAL_TAG.test(name)),
            )}
          </aside>
        </div>
      </main>
    `;
  }

  #charts({ id, metrics, startTime }: Pick<RunLink, 'id' | 'metrics' | 'startTime'>, heading: string) {
    return html`
      <modelthat-metric-charts .heading=${heading} .metrics=${metrics} .series=${this.series.get(id) ?? new Map()}
        .settings=${this.settings} .start=${startTime}
        @watch=${({ detail }: CustomEvent<Watched>) => this.#host.send({ type: 'watch', runId: id, keys: [...detail.keys], ...(detail.range && { range: detail.range }) })}
        @settings=${(event: CustomEvent<ChartSettings>) => this.#choose(event.detail)}></modelthat-metric-charts>
    `;
  }

  #receive(message: ToRunPage): void {
    switch (message.type) {
      case 'snapshot':
        this.#showSnapshot(message.store, message.snapshot);
        break;
      case 'series':
        this.series = new Map(this.series).set(
          message.runId,
          new Map([
            ...(this.series.get(message.runId) ?? []),
            ...message.series.map(one => [one.key, one] as const),
          ]),
        );
        break;
      case 'files':
        this.folders = new Map(this.folders).set(message.path, message.files);
        break;
      case 'preview':
        this.previews = new Map(this.previews).set(message.path, message.preview);
        break;
      case 'problem':
        this.problem = message.message;
    }
  }

  #showSnapshot(store: string, snapshot: RunSnapshot): void {
    const ended = this.snapshot?.run.endTime !== snapshot.run.endTime;
    // What was logged since the page was opened shows at the latest when the run ends.
    if (this.snapshot && ended) this.#host.send({ type: 'list', path: '' });
    this.#store = store;
    this.snapshot = snapshot;
    this.problem = '';
    this.#keep();
  }

  #choose(settings: ChartSettings): void {
    this.settings = settings;
    this.#keep();
  }

  #keep(): void {
    if (!this.snapshot) return;
    const { axis, logScale, smoothing, folded } = this.settings;
    this.#host.keep({
      store: this.#store,
      runId: this.snapshot.run.id,
      axis,
      logScale,
      smoothing,
      folded: [...folded],
    });
  }
}

function sorted(values: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(values).sort(([a], [b]) => a.localeCompare(b));
}

function details({ run }: RunSnapshot): (readonly [string, string])[] {
  const known = [
    ['Run ID', run.id],
    ['Started', new Date(run.startTime).toLocaleString()],
    ['Ended', run.endTime === null ? undefined : new Date(run.endTime).toLocaleString()],
    ['Source', run.tags['mlflow.source.name']],
    ['Commit', run.tags['mlflow.source.git.commit']],
  ] as const;
  return known.flatMap(([name, value]) => (value ? [[name, value] as const] : []));
}

customElements.define('modelthat-run', RunPage);
