import type * as vscode from 'vscode';
import { ApiError } from '../../daemon/contract/errors.ts';
import {
  CURVES_AT_ONCE,
  describeRunColumns,
  listCurves,
  type RunColumns,
} from '../../daemon/contract/run-lists.ts';
import {
  ROWS_AT_ONCE,
  type RunTableAction,
  RunTableMessage,
  RunTableState,
  RunTableView,
  type ToRunTable,
} from '../../daemon/contract/run-table-messages.ts';
import { listExperiments, type Run } from '../../daemon/contract/runs.ts';
import { askColumnAction } from '../commands/column-menu.ts';
import { chooseRunAction } from '../commands/run-actions.ts';
import { exportTable, openAsNotebook } from '../commands/run-exports.ts';
import { chooseView } from '../commands/run-views.ts';
import { deleteSelected } from '../commands/selected-runs.ts';
import { RUNS_PANEL } from '../contributes/names.ts';
import type { StreamMessage } from '../daemon/launcher.ts';
import { runsById } from '../daemon/runs-by-id.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { metricGoals } from '../trees/goals.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
import { type PageKind, PagePanels } from './page-panels.ts';
import {
  columnItems,
  firstRuns,
  type Goals,
  listRuns,
  type RunList,
  type RunSearch,
  searchOf,
} from './run-list.ts';
import { TableRows } from './table-rows.ts';

/** A fast logger must not make the rows in sight load more often than this. */
const ROWS_MS = 700;
/** A stream of new runs must not make the list load more often than this, nor take more than a part of the time. */
const LIST_MS = 1_500;
const LIST_SHARE = 10;

const CURVE = 'curve.';

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

/** The host's side of one table: holds the order of all its runs, and sends the page those in sight. */
class RunsPanel extends PagePanel<RunTableMessage, ToRunTable> {
  readonly #parts: RunsPanelParts;
  #view = RunTableView.parse({});
  #list: RunList = { ids: [], more: false };
  #rows = new TableRows(this.#list, []);
  /** The list with all of its runs: it may hold the first ones until then. */
  #whole: Promise<void> = Promise.resolve();
  #version = 0;
  #sight: Sight | undefined;
  /** The list as it would be now, when it is not shown yet. */
  #next: RunList | undefined;
  #listTook = 0;
  #named: Promise<string> | undefined;
  #columns: RunColumns | undefined;
  readonly #goals: Promise<Goals>;

  constructor(panel: vscode.WebviewPanel, parts: RunsPanelParts) {
    super(panel, parts, RunTableMessage);
    this.#parts = parts;
    this.#goals = metricGoals(parts.connection);
  }

  protected receive(message: StreamMessage): void {
    if (!this.panel.visible) return;
    if (message.type === 'reset') {
      this.#listSoon();
      return;
    }
    const { topic, kind, id, parent } = message.event;
    if (topic === 'experiment') this.#named = undefined;
    if (topic !== 'run' || !this.#isOfHere(parent)) return;
    if (kind !== 'updated') {
      this.#listSoon();
      return;
    }
    const { from = 0, to = 0 } = this.#sight ?? {};
    if (this.#rows.within(from, to).includes(id)) this.soon('rows', ROWS_MS, () => this.#sendRows());
  }

  #isOfHere(experiment: string | undefined): boolean {
    const { experiments } = this.#parts;
    return experiments.length === 0 || experiment === undefined || experiments.includes(experiment);
  }

  #listSoon(): void {
    this.soon('list', Math.max(LIST_MS, this.#listTook * LIST_SHARE), () => this.#findNews());
  }

  async #findNews(): Promise<void> {
    await this.#whole;
    this.#next = await this.#load();
    const known = new Set(this.#list.ids);
    const count = this.#next.ids.filter(id => !known.has(id)).length;
    if (count > 0 || this.#next.ids.length !== known.size) this.send({ type: 'news', count });
  }

  protected async answer(message: RunTableMessage): Promise<unknown> {
    const { connection, openers } = this.#parts;
    switch (message.type) {
      case 'list':
        this.#view = message.view;
        return this.#relist();
      case 'rows':
        this.#sight = message;
        return this.#sendRows();
      case 'select':
        return this.#sendSelected(message.from, message.to);
      case 'unfold':
        this.#view = { ...this.#view, opened: message.opened };
        return this.#showList(this.#list);
      case 'renew':
        return this.#showList(this.#next ?? (await this.#load()));
      case 'open':
        return openers.openRun(connection, message.runId);
      case 'act':
        return this.#act(message.action, message.runIds);
      case 'menu':
        return this.#askColumn(message);
      case 'views': {
        const view = await chooseView(connection, message.view);
        return view && this.send({ type: 'view', view });
      }
    }
  }

  async #act(action: RunTableAction, runIds: readonly string[]): Promise<unknown> {
    const { connection, openers } = this.#parts;
    const runs = runIds.length > 0 ? { runIds } : await searchOf(await this.#search());
    switch (action) {
      case 'compare':
        return openers.compare(connection, runIds);
      case 'delete':
        return deleteSelected(connection, runIds);
      case 'export':
        return exportTable(connection, runs, await this.#title());
      case 'notebook':
        return openAsNotebook(connection, runs);
      case 'more':
        return chooseRunAction(connection, runIds, this.#columns ?? { tags: [] });
    }
  }

  async #askColumn(asked: Extract<RunTableMessage, { type: 'menu' }>): Promise<void> {
    const { column, title, actions, value } = asked;
    const action = await askColumnAction(title, actions, value);
    if (action) this.send({ type: 'column', column, action, value });
  }

  /** Makes the list anew: first what is seen first. A filter that the daemon refuses leaves the list as it is. */
  async #relist(): Promise<void> {
    const view = this.#view;
    try {
      const first = view.groupBy === undefined ? await this.#first() : undefined;
      // Another order was asked for meanwhile.
      if (view !== this.#view) return;
      if (first) await this.#showFirst(first.runs, first.more);
      else await this.#showList(await this.#load());
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'INVALID_PARAMETER_VALUE') throw error;
      return this.send({ type: 'refused', message: error.message });
    }
    await Promise.all([this.#whole, this.#sendColumns()]);
  }

  async #first() {
    const [first] = await Promise.all([firstRuns(await this.#search()), this.#title()]);
    return first;
  }

  async #showFirst(runs: readonly Run[], more: boolean): Promise<void> {
    await this.#showList({ ids: runs.map(({ id }) => id), more: false }, !more, runs);
    this.#whole = more ? this.#complete() : Promise.resolve();
  }

  /** Has all runs follow the first ones, which stay as they are unless others have come before them meanwhile. */
  async #complete(): Promise<void> {
    const version = this.#version;
    const list = await this.#load();
    if (version !== this.#version) return;
    const same = this.#list.ids.every((id, place) => id === list.ids[place]);
    if (!same) return this.#showList(list);
    this.#setList(list);
    await this.#sendListing(true);
  }

  async #search(): Promise<RunSearch> {
    const { connection, experiments } = this.#parts;
    return { connection, experiments, view: this.#view, goals: await this.#goals };
  }

  async #load(): Promise<RunList> {
    if (this.#view.groupBy !== undefined) this.#columns ??= await this.#describe();
    const since = performance.now();
    const list = await listRuns(await this.#search(), this.#columns);
    this.#listTook = performance.now() - since;
    return list;
  }

  #setList(list: RunList): void {
    this.#list = list;
    this.#rows = new TableRows(list, this.#view.opened);
  }

  /** @param first its first runs, where they are known */
  async #showList(list: RunList, whole = true, first: readonly Run[] = []): Promise<void> {
    this.#setList(list);
    this.#next = undefined;
    this.#version += 1;
    await this.#sendListing(whole, first);
  }

  async #sendListing(whole: boolean, first: readonly Run[] = []): Promise<void> {
    const { connection, experiments } = this.#parts;
    const { ids, more } = this.#list;
    const listing = { version: this.#version, count: this.#rows.count, runs: ids.length, whole, more };
    const title = await this.#title();
    const runs = `${ids.length.toLocaleString('en')} run${ids.length === 1 ? '' : 's'}`;
    this.panel.title = whole ? `${title}: ${runs}` : title;
    this.send({ type: 'listing', store: connection.store, experiments, title, listing, first });
  }

  async #sendSelected(from: number, to: number): Promise<void> {
    if (to > this.#rows.count) await this.#whole;
    this.send({ type: 'selected', runIds: this.#rows.runsWithin(from, to) });
  }

  /** Asked for once: it is waited for with the first rows. */
  #title(): Promise<string> {
    const { connection, experiments } = this.#parts;
    this.#named ??= nameOf(connection, experiments);
    return this.#named;
  }

  #describe(): Promise<RunColumns> {
    const { connection, experiments } = this.#parts;
    const { filter, lifecycle: view } = this.#view;
    return connection.call(describeRunColumns, { body: { experimentIds: [...experiments], filter, view } });
  }

  async #sendColumns(): Promise<void> {
    this.#columns = await this.#describe();
    this.send({ type: 'columns', columns: this.#columns, goals: await this.#goals });
  }

  async #sendRows(): Promise<void> {
    if (!this.#sight) return;
    const version = this.#version;
    const { from, to, columns } = this.#sight;
    const places = this.#rows.within(from, Math.min(to, from + ROWS_AT_ONCE));
    const ids = places.filter(place => typeof place === 'string');
    const runs = await runsById(this.#parts.connection, ids, columnItems(columns));
    if (version !== this.#version) return;
    const found = new Map(runs.map(run => [run.id, run]));
    const rows = places.map(place => (typeof place === 'string' ? (found.get(place) ?? null) : place));
    this.send({ type: 'rows', version, from, rows });
    await this.#sendCurves(ids, columns);
  }

  async #sendCurves(runIds: string[], columns: readonly string[]): Promise<void> {
    const metrics = columns.filter(id => id.startsWith(CURVE)).map(id => id.slice(CURVE.length));
    if (metrics.length === 0 || runIds.length === 0) return;
    const body = { runIds, metrics: metrics.slice(0, CURVES_AT_ONCE) };
    const { curves } = await this.#parts.connection.call(listCurves, { body });
    this.send({ type: 'curves', curves });
  }
}

/** What a table of some experiments is called. */
async function nameOf(connection: StoreConnection, experiments: readonly string[]): Promise<string> {
  if (experiments.length === 0) return 'All experiments';
  const { items } = await connection.call(listExperiments, { query: { view: 'all', limit: 1000 } });
  return experiments.map(wanted => items.find(({ id }) => id === wanted)?.name ?? wanted).join(', ');
}
