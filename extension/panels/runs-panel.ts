import type * as vscode from 'vscode';
import { ApiError } from '../../daemon/contract/errors.ts';
import { describeRunColumns, listRunIds } from '../../daemon/contract/run-lists.ts';
import {
  ROWS_AT_ONCE,
  RunTableMessage,
  RunTableState,
  RunTableView,
  type SortKey,
  type ToRunTable,
} from '../../daemon/contract/run-table-messages.ts';
import { EXECUTION_TAG, listExperiments } from '../../daemon/contract/runs.ts';
import { deleteRuns } from '../commands/runs.ts';
import { RUNS_PANEL } from '../contributes/names.ts';
import type { StreamMessage } from '../daemon/launcher.ts';
import { runsById } from '../daemon/runs-by-id.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { metricGoals } from '../trees/goals.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
import { type PageKind, PagePanels } from './page-panels.ts';

/** A fast logger must not make the rows in sight load more often than this. */
const ROWS_MS = 700;
/** A stream of new runs must not make the list load more often than this, nor take more than a part of the time. */
const LIST_MS = 1_500;
const LIST_SHARE = 10;

/** Tags that rows show without being asked for: where a run is from, and whether it is an execution's. */
const ALWAYS = ['tags.`mlflow.source.name`', `tags.\`${EXECUTION_TAG}\``];

/** The open tables of runs. */
export type RunsPanels = PagePanels<RunsPanel>;

interface RunsPanelParts extends PagePanelParts {
  /** Ids; empty = all. */
  readonly experiments: readonly string[];
  readonly openers: Openers;
}

/** How other pages are opened. */
interface Openers {
  readonly openRun: (connection: StoreConnection, runId: string) => void;
  readonly compare: (connection: StoreConnection, runIds: readonly string[]) => void;
}

/** Makes tables of runs possible, and brings those back that were open. */
export function runsPanels(
  extension: vscode.Uri,
  stores: Stores,
  log: vscode.LogOutputChannel,
  openers: Openers,
): RunsPanels {
  const kind: PageKind = {
    panel: RUNS_PANEL,
    page: 'runs',
    title: 'Runs',
    icon: 'table',
    subjectOf: kept => {
      const { data } = RunTableState.safeParse(kept);
      return data && { store: data.store, id: idOf(data.experiments) };
    },
  };
  return new PagePanels(kind, extension, stores, (panel, connection, id) => {
    const experiments = id.split(' ').filter(Boolean);
    return new RunsPanel(panel, { connection, experiments, stores, log, openers });
  });
}

/** What a table of the runs of some experiments goes by; none = all. */
export function idOf(experiments: readonly string[]): string {
  return [...experiments].sort().join(' ');
}

/** Those that are in sight, as the page asked for them. */
type Sight = Extract<RunTableMessage, { type: 'rows' }>;

/** A list of runs as the daemon gave it. */
interface List {
  readonly ids: readonly string[];
  readonly more: boolean;
}

/** The host's side of one table: holds the order of all its runs, and sends the page those in sight. */
class RunsPanel extends PagePanel<RunTableMessage, ToRunTable> {
  readonly #parts: RunsPanelParts;
  #view = RunTableView.parse({});
  #list: List = { ids: [], more: false };
  #version = 0;
  #sight: Sight | undefined;
  /** The list as it would be now, when it is not shown yet. */
  #next: List | undefined;
  #listTook = 0;

  constructor(panel: vscode.WebviewPanel, parts: RunsPanelParts) {
    super(panel, parts, RunTableMessage);
    this.#parts = parts;
  }

  protected receive(message: StreamMessage): void {
    if (!this.panel.visible) return;
    if (message.type === 'reset') {
      this.#listSoon();
      return;
    }
    const { topic, kind, id, parent } = message.event;
    if (topic !== 'run' || !this.#isOfHere(parent)) return;
    if (kind !== 'updated') {
      this.#listSoon();
      return;
    }
    const { from = 0, to = 0 } = this.#sight ?? {};
    if (this.#list.ids.slice(from, to).includes(id)) this.soon('rows', ROWS_MS, () => this.#sendRows());
  }

  #isOfHere(experiment: string | undefined): boolean {
    const { experiments } = this.#parts;
    return experiments.length === 0 || experiment === undefined || experiments.includes(experiment);
  }

  #listSoon(): void {
    this.soon('list', Math.max(LIST_MS, this.#listTook * LIST_SHARE), () => this.#findNews());
  }

  async #findNews(): Promise<void> {
    this.#next = await this.#load();
    const known = new Set(this.#list.ids);
    const count = this.#next.ids.filter(id => !known.has(id)).length;
    if (count > 0 || this.#next.ids.length !== known.size) this.send({ type: 'news', count });
  }

  protected async answer(message: RunTableMessage): Promise<unknown> {
    switch (message.type) {
      case 'list':
        this.#view = message.view;
        return this.#relist();
      case 'rows':
        this.#sight = message;
        return this.#sendRows();
      case 'select':
        return this.send({ type: 'selected', runIds: this.#list.ids.slice(message.from, message.to) });
      case 'renew':
        return this.#showList(this.#next ?? (await this.#load()));
      case 'open':
        return this.#parts.openers.openRun(this.#parts.connection, message.runId);
      case 'act':
        return message.action === 'compare'
          ? this.#parts.openers.compare(this.#parts.connection, message.runIds)
          : deleteRuns(this.#parts.connection, message.runIds);
    }
  }

  /** Makes the list anew. A filter that the daemon refuses leaves the list as it is. */
  async #relist(): Promise<void> {
    try {
      await this.#showList(await this.#load());
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'INVALID_PARAMETER_VALUE') throw error;
      return this.send({ type: 'refused', message: error.message });
    }
    await this.#sendColumns();
  }

  async #load(): Promise<List> {
    const { experiments, connection } = this.#parts;
    const { filter, sort } = this.#view;
    const since = performance.now();
    const list = await connection.call(listRunIds, {
      body: { experimentIds: [...experiments], filter, orderBy: sort.map(orderItem) },
    });
    this.#listTook = performance.now() - since;
    return list;
  }

  async #showList(list: List): Promise<void> {
    const { connection, experiments } = this.#parts;
    this.#list = list;
    this.#next = undefined;
    this.#version += 1;
    const { ids, more } = list;
    const title = await this.#title();
    this.panel.title = `${title}: ${ids.length.toLocaleString('en')} run${ids.length === 1 ? '' : 's'}`;
    const listing = { version: this.#version, count: ids.length, more };
    this.send({ type: 'listing', store: connection.store, experiments, title, listing });
  }

  async #title(): Promise<string> {
    const { connection, experiments } = this.#parts;
    if (experiments.length === 0) return 'All experiments';
    const { items } = await connection.call(listExperiments, { query: { view: 'all', limit: 1000 } });
    const names = experiments.map(wanted => items.find(({ id }) => id === wanted)?.name ?? wanted);
    return names.join(', ');
  }

  async #sendColumns(): Promise<void> {
    const { connection, experiments } = this.#parts;
    const [columns, goals] = await Promise.all([
      connection.call(describeRunColumns, {
        body: { experimentIds: [...experiments], filter: this.#view.filter },
      }),
      metricGoals(connection),
    ]);
    this.send({ type: 'columns', columns, goals });
  }

  async #sendRows(): Promise<void> {
    if (!this.#sight) return;
    const version = this.#version;
    const { from, to, columns } = this.#sight;
    const ids = this.#list.ids.slice(from, Math.min(to, from + ROWS_AT_ONCE));
    const runs = await runsById(this.#parts.connection, ids, [...columns.flatMap(columnItem), ...ALWAYS]);
    if (version === this.#version) this.send({ type: 'rows', version, from, runs });
  }
}

/** A column's id in the search language, whose keys may hold spaces: params.`batch size`. */
function quoted(column: string): string {
  const [entity = '', ...key] = column.split('.');
  return entity === 'attributes' ? column : `${entity}.\`${key.join('.')}\``;
}

function orderItem({ column, descending }: SortKey): string {
  return `${quoted(column)} ${descending ? 'DESC' : 'ASC'}`;
}

/** What must be looked up for a column; attributes always are. */
function columnItem(column: string): string[] {
  if (column.startsWith('best.')) return [quoted(column.replace('best.', 'metrics.'))];
  return /^(metrics|params|tags)\./.test(column) ? [quoted(column)] : [];
}
