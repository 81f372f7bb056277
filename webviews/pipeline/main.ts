import '../ui/controls.ts';
import '../ui/page.css';
import './pipeline.css';
import './execution-list.ts';
import './parameter-form.ts';
import './pipeline-header.ts';
import './step-detail.ts';
import './step-graph.ts';
import './step-table.ts';
import { html, nothing, type TemplateResult } from 'lit';
import { NEWEST, NEXT } from '../../daemon/contract/execution-choice.ts';
import type {
  LogPlace,
  LogSearch,
  PagePlace,
  PipelineAction,
  PipelinePageMessage,
  PipelinePageState,
  PipelineSnapshot,
  StepAction,
  ToPipelinePage,
} from '../../daemon/contract/pipeline-messages.ts';
import { Host } from '../ui/host.ts';
import { icon } from '../ui/icons.ts';
import type { LogRequest } from '../ui/log-view.ts';
import { TickingElement } from '../ui/ticking-element.ts';
import { overridesOf, type ParameterForm, type Tried } from './parameter-form.ts';
import type { StepDetail } from './step-detail.ts';
import { type PipelineView, pipelineView, type StepView, spokenChanges } from './step-views.ts';

/** Larger graphs take too long to lay out, and too many steps to be looked at as one. */
const MOST_DRAWN = 500;
const RESIZE_STEP = 24;
/** Typing is over when nothing was typed for so long. */
const TYPING_MS = 400;

type Kept = Omit<PipelinePageState, 'store' | 'file'>;
type Overrides = Record<string, string>;

/** The page of one pipeline. Holds what the host sent, and passes on what a person does. */
export class PipelinePage extends TickingElement {
  static override properties = {
    snapshot: { state: true },
    problem: { state: true },
    kept: { state: true },
    spoken: { state: true },
    tried: { state: true },
  };
  declare snapshot: PipelineSnapshot | undefined;
  declare problem: string;
  /** What a person chose; survives a reload. */
  declare kept: Kept;
  /** What changed, for those who hear the page. */
  declare spoken: string;
  /** What would run with the parameters of the form. */
  declare tried: Tried | undefined;
  readonly #host = new Host<PipelinePageMessage, ToPipelinePage, PipelinePageState>();
  #place = { store: '', file: '' };
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    const { chosen = NEWEST, step = null, view = 'graph' } = this.#host.kept;
    const { form = false, written = {}, detailHeight = 300 } = this.#host.kept;
    this.kept = { chosen, step, view, form, written, detailHeight };
    this.problem = '';
    this.spoken = '';
    this.#host.listen(message => this.#receive(message));
    this.#host.send({ type: 'ready', chosen });
  }

  protected override render() {
    const { snapshot } = this;
    if (!snapshot)
      return html`<main>${this.#notice() || html`<p class="faint">Loading the pipeline…</p>`}</main>`;
    const view = pipelineView(snapshot, Date.now());
    const step = view.steps.find(({ name }) => name === this.kept.step);
    return html`
      <main class="pipeline">
        ${this.#notice()}
        <modelthat-pipeline-header .snapshot=${snapshot} .view=${view}
          @act=${(event: CustomEvent<PipelineAction>) => this.#host.send({ type: 'act', action: event.detail })}
          @plan=${() => this.#choose(NEXT)} @openForm=${() => this.#openForm()}></modelthat-pipeline-header>
        ${problemList(snapshot)}
        <div class="work">
          <nav class="executions" aria-label="Executions">
            <modelthat-execution-list .executions=${snapshot.executions} .more=${snapshot.moreExecutions}
              .chosen=${snapshot.execution?.id ?? NEXT}
              @choose=${(event: CustomEvent<string>) => this.#choose(event.detail)}
              @more=${() => this.#host.send({ type: 'listMore' })}></modelthat-execution-list>
          </nav>
          <div class="steps">
            ${this.kept.form ? this.#form(snapshot) : this.#steps(view)}
            ${step && !this.kept.form ? this.#detail(step, snapshot.execution?.id) : nothing}
          </div>
        </div>
        <p class="hidden" role="status">${this.spoken}</p>
      </main>
    `;
  }

  protected override updated(): void {
    // Set as a property: the page's policy allows no style attribute.
    const detail = this.querySelector<HTMLElement>('.detail');
    if (detail) detail.style.height = detail.matches('.with-log') ? `${this.kept.detailHeight}px` : '';
  }

  #notice(): TemplateResult | typeof nothing {
    if (!this.problem) return nothing;
    return html`
      <p class="notice" role="alert">
        ${this.problem}
        <button class="link" @click=${() => this.#host.send({ type: 'act', action: 'startDaemon' })}>Try again</button>
      </p>
    `;
  }

  #steps({ steps }: PipelineView): TemplateResult {
    const drawable = steps.length <= MOST_DRAWN;
    const asTable = this.kept.view === 'table' || !drawable;
    const choose = (event: CustomEvent<string>) => this.#keep({ step: event.detail });
    const { step } = this.kept;
    return html`
      <div class="steps-head">
        <h2>Steps</h2>
        <span class="faint">${drawable ? '' : `${steps.length.toLocaleString()} steps are too many for a graph.`}</span>
        <div class="switch" role="group" aria-label="Show the steps as">
          ${(['graph', 'table'] as const).map(
            name => html`
              <button class="tool" aria-pressed=${asTable === (name === 'table')} ?disabled=${name === 'graph' && !drawable}
                @click=${() => this.#keep({ view: name })}>
                ${icon(name === 'graph' ? 'type-hierarchy' : 'list-flat')} ${name === 'graph' ? 'Graph' : 'Table'}
              </button>
            `,
          )}
        </div>
      </div>
      ${
        asTable
          ? html`<modelthat-step-view-table .steps=${steps} .chosen=${step} @choose=${choose}></modelthat-step-view-table>`
          : html`<modelthat-step-graph .nodes=${steps} .chosen=${step} @choose=${choose}></modelthat-step-graph>`
      }
    `;
  }

  #form({ parameters, executions, file }: PipelineSnapshot): TemplateResult {
    const busy = executions.some(({ status, endTime }) => endTime === null && status !== 'waiting');
    return html`
      <modelthat-parameter-form .parameters=${parameters} .executions=${executions} .file=${file} .busy=${busy}
        .written=${this.kept.written} .tried=${this.tried}
        @write=${(event: CustomEvent<Kept['written']>) => this.#write(event.detail)}
        @run=${(event: CustomEvent<Overrides>) => this.#runWith(event.detail)}
        @copy=${(event: CustomEvent<Overrides>) => this.#host.send({ type: 'copyCommand', set: event.detail })}
        @close=${() => this.#keep({ form: false })}></modelthat-parameter-form>
    `;
  }

  #openForm(): void {
    this.#keep({ form: true });
    this.#try();
    void this.updateComplete.then(() =>
      this.querySelector<ParameterForm>('modelthat-parameter-form')?.begin(),
    );
  }

  #write(written: Kept['written']): void {
    this.#keep({ written });
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#try(), TYPING_MS);
  }

  /** Asks what would run with what is written. */
  #try(): void {
    const { set, problems } = overridesOf(this.snapshot?.parameters ?? [], this.kept.written);
    if (problems === 0) this.#host.send({ type: 'tryParameters', set });
  }

  #runWith(set: Overrides): void {
    this.#keep({ form: false, written: {} });
    this.#host.send({ type: 'runWithParameters', set });
  }

  #detail(step: StepView, executionId: string | undefined): TemplateResult {
    return html`
      <div class="splitter" role="separator" tabindex="0" aria-orientation="horizontal" aria-label="Height of the details"
        aria-valuenow=${this.kept.detailHeight} @pointerdown=${this.#grab} @pointermove=${this.#resize} @keydown=${this.#resizeByKey}></div>
      <section class="detail ${step.printed ? 'with-log' : ''}" aria-label="Step ${step.name}">
        <modelthat-step-detail .step=${step} .executionId=${executionId}
          @actOnStep=${(event: CustomEvent<StepAction>) => this.#host.send({ type: 'actOnStep', action: event.detail, step: step.name })}
          @read=${(event: CustomEvent<LogRequest>) => this.#host.send({ type: 'readLog', ...event.detail })}
          @seek=${(event: CustomEvent<LogSearch>) => this.#host.send({ type: 'searchLog', ...event.detail })}
          @openPlace=${(event: CustomEvent<LogPlace>) => this.#host.send({ type: 'openPlace', step: step.name, ...event.detail })}
          @close=${() => this.#keep({ step: null })}></modelthat-step-detail>
      </section>
    `;
  }

  #grab(event: PointerEvent): void {
    (event.target as Element).setPointerCapture(event.pointerId);
  }

  #resize(event: PointerEvent): void {
    if (!(event.target as Element).hasPointerCapture(event.pointerId)) return;
    const bottom = this.querySelector('.steps')?.getBoundingClientRect().bottom ?? 0;
    this.#setHeight(bottom - event.clientY);
  }

  #resizeByKey(event: KeyboardEvent): void {
    const by = { ArrowUp: RESIZE_STEP, ArrowDown: -RESIZE_STEP }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.#setHeight(this.kept.detailHeight + by);
  }

  #setHeight(height: number): void {
    this.#keep({ detailHeight: Math.round(Math.min(Math.max(height, 120), window.innerHeight - 200)) });
  }

  #receive(message: ToPipelinePage): void {
    switch (message.type) {
      case 'snapshot':
        this.#place = { store: message.store, file: message.file };
        this.#showSnapshot(message.snapshot);
        break;
      case 'reveal':
        this.#reveal(message);
        break;
      case 'tried':
        this.tried = message;
        break;
      case 'log':
        this.querySelector<StepDetail>('modelthat-step-detail')?.receive(message.piece);
        break;
      case 'logFound':
        this.querySelector<StepDetail>('modelthat-step-detail')?.receiveFound(message.found);
        break;
      case 'problem':
        this.problem = message.message;
    }
  }

  #showSnapshot(snapshot: PipelineSnapshot): void {
    if (this.snapshot && this.snapshot.execution?.id === snapshot.execution?.id) {
      const now = Date.now();
      const changes = spokenChanges(
        pipelineView(this.snapshot, now).steps,
        pipelineView(snapshot, now).steps,
      );
      if (changes) this.spoken = changes;
    }
    this.snapshot = snapshot;
    this.problem = '';
    this.#keep({});
  }

  #choose(id: string): void {
    const chosen = this.#nameOf(id);
    this.#keep({ chosen });
    this.#host.send({ type: 'choose', chosen });
  }

  #reveal({ chosen, step, form }: PagePlace): void {
    if (chosen !== undefined && this.#nameOf(chosen) !== this.kept.chosen) this.#choose(chosen);
    if (step !== undefined) this.#keep({ step });
    if (form) this.#openForm();
    else if (form === false || step !== undefined) this.#keep({ form: false });
  }

  /** Who looks at the newest goes on to the one that comes after it. */
  #nameOf(id: string): string {
    return id === this.snapshot?.executions[0]?.id ? NEWEST : id;
  }

  #keep(change: Partial<Kept>): void {
    this.kept = { ...this.kept, ...change };
    if (this.#place.file) this.#host.keep({ ...this.#place, ...this.kept });
  }
}

function problemList({ problems }: PipelineSnapshot): TemplateResult | typeof nothing {
  const errors = problems.filter(problem => problem.severity === 'error');
  if (errors.length === 0) return nothing;
  return html`
    <ul class="notice">
      ${errors.map(({ line, message, remedy }) => html`<li>${icon('error')} Line ${line}: ${message} ${remedy ?? ''}</li>`)}
    </ul>
  `;
}

customElements.define('modelthat-pipeline', PipelinePage);
