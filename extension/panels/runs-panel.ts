import type * as vscode from 'vscode';
import { ApiError } from '../../daemon/contract/errors.ts';
import { describeRunColumns } from '../../daemon/contract/run-lists.ts';
import {
  ROWS_AT_ONCE,
  RunTableMessage,
  RunTableState,
  RunTableView,
  type ToRunTable,
} from '../../daemon/contract/run-table-messages.ts';
import { listExperiments, type Run } from '../../daemon/contract/runs.ts';
import { deleteSelected } from '../commands/selected-runs.ts';
import { RUNS_PANEL } from '../contributes/names.ts';
import type { StreamMessage } from '../daemon/launcher.ts';
import { runsById } from '../daemon/runs-by-id.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { metricGoals } from '../trees/goals.ts';
import { PagePanel, type PagePanelParts } from './page-panel.ts';
import { type PageKind, PagePanels } from './page-panels.ts';
import { columnItems, firstRuns, listRuns, type RunList, type RunSearch } from './run-list.ts';

/** A fast logger must not make the rows in sight load more often than this. */
const ROWS_MS = 700;
/** A stream of new runs must not make the list load more often than this, nor take more than a part of the time. */
const LIST_MS = 1_500;
const LIST_SHARE = 10;

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
  /** The list with all of its runs: it may hold the first ones until then. */
  #whole: Promise<void> = Promise.resolve();
  #version = 0;
  #sight: Sight | undefined;
  /** The list as it would be now, when it is not shown yet. */
  #next: RunList | undefined;
  #listTook = 0;
  #named: Promise<string> | undefined;

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
    if (topic === 'experiment') this.#named = undefined;
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
    await this.#whole;
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
        return this.#sendSelected(message.from, message.to);
      case 'renew':
        return this.#showList(this.#next ?? (await this.#load()));
      case 'open':
        return this.#parts.openers.openRun(this.#parts.connection, message.runId);
      case 'act':
        return message.action === 'compare'
          ? this.#parts.openers.compare(this.#parts.connection, message.runIds)
          : deleteSelected(this.#parts.connection, message.runIds);
    }
  }

  /** Makes the list anew: first what is seen first. A filter that the daemon refuses leaves the list as it is. */
  async #relist(): Promise<void> {
    const search = this.#search();
    try {
      const [{ runs, more }] = await Promise.all([firstRuns(search), this.#title()]);
      // Another order was asked for meanwhile.
      if (search.view !== this.#view) return;
      await this.#showFirst(runs, more);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'INVALID_PARAMETER_VALUE') throw error;
      return this.send({ type: 'refused', message: error.message });
    }
    await Promise.all([this.#whole, this.#sendColumns()]);
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
    this.#list = list;
    await this.#sendListing(true);
  }

  #search(): RunSearch {
    const { connection, experiments } = this.#parts;
    return { connection, experiments, view: this.#view };
  }

  async #load(): Promise<RunList> {
    const since = performance.now();
    const list = await listRuns(this.#search());
    this.#listTook = performance.now() - since;
    return list;
  }

  /** @param first its first runs, where they are known */
  async #showList(list: RunList, whole = true, first: readonly Run[] = []): Promise<void> {
    this.#list = list;
    this.#next = undefined;
    this.#version += 1;
    await this.#sendListing(whole, first);
  }

  async #sendListing(whole: boolean, first: readonly Run[] = []): Promise<void> {
    const { connection, experiments } = this.#parts;
    const { ids, more } = this.#list;
    const listing = { version: this.#version, count: ids.length, whole, more };
    const title = await this.#title();
    const runs = `${ids.length.toLocaleString('en')} run${ids.length === 1 ? '' : 's'}`;
    this.panel.title = whole ? `${title}: ${runs}` : title;
    this.send({ type: 'listing', store: connection.store, experiments, title, listing, first });
  }

  async #sendSelected(from: number, to: number): Promise<void> {
    if (to > this.#list.ids.length) await this.#whole;
    this.send({ type: 'selected', runIds: this.#list.ids.slice(from, to) });
  }

  /** Asked for once: it is waited for with the first rows. */
  #title(): Promise<string> {
    this.#named ??= nameOf(this.#search());
    return this.#named;
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
    const runs = await runsById(this.#parts.connection, ids, columnItems(columns));
    if (version === this.#version) this.send({ type: 'rows', version, from, runs });
  }
}

/** What a table of some experiments is called. */
async function nameOf({ connection, experiments }: RunSearch): Promise<string> {
  if (experiments.length === 0) return 'All experiments';
  const { items } = await connection.call(listExperiments, { query: { view: 'all', limit: 1000 } });
  return experiments.map(wanted => items.find(({ id }) => id === wanted)?.name ?? wanted).join(', ');
}
