import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatDuration } from '../../daemon/contract/display.ts';
import {
  overrideText,
  type Parameter,
  runCommandLine,
  valueProblem,
} from '../../daemon/contract/parameters.ts';
import type { ExecutionLink } from '../../daemon/contract/pipeline-messages.ts';
import type { Plan } from '../../daemon/contract/pipelines.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import { type LastValue, lastValues } from './last-values.ts';

/** Fewer parameters than this are seen at a glance. */
const WORTH_FILTERING = 8;

type Overrides = Record<string, string>;

/** What would run with some overrides, or why nothing would. */
export interface Tried {
  readonly set: Readonly<Overrides>;
  readonly plan: Plan | null;
  readonly problem: string;
}

/**
 * A form of a pipeline's parameters. Only what differs from the file is sent. Tells `write` (what is written, by path),
 * `run` and `copy` (overrides), and `close`.
 */
export class ParameterForm extends PageElement {
  static override properties = {
    parameters: { attribute: false },
    executions: { attribute: false },
    file: { attribute: false },
    written: { attribute: false },
    tried: { attribute: false },
    busy: { attribute: false },
    filter: { state: true },
  };
  declare parameters: readonly Parameter[];
  declare executions: readonly ExecutionLink[];
  declare file: string;
  /** What a person wrote, by path. */
  declare written: Readonly<Record<string, string>>;
  declare tried: Tried | undefined;
  /** Whether the pipeline runs, so that another execution cannot begin. */
  declare busy: boolean;
  declare filter: string;

  constructor() {
    super();
    this.filter = '';
  }

  /** Puts the cursor where a person begins. */
  begin(): void {
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('input, select')?.focus());
  }

  protected override render() {
    const wanted = this.filter.toLowerCase();
    const shown = this.parameters.filter(({ path }) => path.toLowerCase().includes(wanted));
    const types = new Map(this.parameters.map(({ path, type }) => [path, type]));
    const last = lastValues(this.executions, path => types.get(path) ?? 'text');
    return html`
      <form class="parameters" aria-label="Run with parameters" @submit=${this.#submit}>
        <div class="steps-head">
          <h2>Run with parameters</h2>
          ${this.#filterBox()}
          <button type="button" class="tool" title="Close" aria-label="Close" @click=${() => this.tell('close', undefined)}>${icon('close')}</button>
        </div>
        <div class="parameter-list">
          ${repeat(
            shown,
            parameter => parameter.path,
            parameter => this.#row(parameter, last.get(parameter.path)),
          )}
          ${shown.length === 0 ? html`<p class="faint">${this.parameters.length === 0 ? 'This pipeline has no parameters.' : 'No parameter has this in its name.'}</p>` : nothing}
        </div>
        ${this.#foot()}
      </form>
    `;
  }

  #filterBox(): TemplateResult | typeof nothing {
    if (this.parameters.length < WORTH_FILTERING) return nothing;
    return html`
      <input type="search" placeholder="Filter ${this.parameters.length} parameters" aria-label="Filter the parameters"
        .value=${this.filter} @input=${(event: Event) => (this.filter = (event.target as HTMLInputElement).value)}>
    `;
  }

  #row(parameter: Parameter, last: LastValue | undefined): TemplateResult {
    const { path, type, value } = parameter;
    const written = this.written[path];
    const changed = written !== undefined && written !== value;
    const problem = changed ? valueProblem(type, written) : '';
    const id = `parameter-${path}`;
    return html`
      <div class="parameter ${changed ? 'changed' : ''}">
        <label for=${id} title=${path}>${path}</label>
        ${this.#control(id, parameter, written ?? value, problem)}
        <span class="parameter-notes">
          ${
            changed
              ? html`<span class="faint">in the file: ${value}</span>
            <button type="button" class="tool" title="Back to the value of the file" aria-label="Reset ${path}" @click=${() => this.#write(path, value)}>${icon('discard')}</button>`
              : nothing
          }
          ${
            last && last.value !== (written ?? value)
              ? html`<button type="button" class="link" title="Take the value of execution #${last.number}" @click=${() => this.#write(path, last.value)}>last ${last.value} (#${last.number})</button>`
              : nothing
          }
        </span>
        ${problem ? html`<span class="parameter-problem" id="${id}-problem">${problem}</span>` : nothing}
      </div>
    `;
  }

  #control(id: string, { path, type }: Parameter, value: string, problem: string): TemplateResult {
    const write = (event: Event) => this.#write(path, (event.target as HTMLInputElement).value);
    if (type === 'boolean')
      return html`
        <select id=${id} .value=${value} @change=${write}>
          ${['true', 'false'].map(option => html`<option ?selected=${option === value}>${option}</option>`)}
        </select>
      `;
    return html`
      <input id=${id} type="text" spellcheck="false" autocomplete="off" inputmode=${type === 'number' ? 'decimal' : 'text'}
        .value=${value} aria-invalid=${problem !== ''} aria-describedby=${problem ? `${id}-problem` : nothing} @input=${write}>
    `;
  }

  #foot(): TemplateResult {
    const { set, problems } = this.#overrides();
    const number = Object.keys(set).length;
    const title = number === 0 ? 'Run unchanged' : `Run with ${number} change${number === 1 ? '' : 's'}`;
    return html`
      <div class="parameter-foot">
        <modelthat-button appearance="primary" ?disabled=${problems > 0 || this.busy} @click=${() => this.tell('run', set)}>
          <span slot="start" class="codicon codicon-play"></span>${title}
        </modelthat-button>
        <span class="faint" role="status">${this.busy ? 'The pipeline is running.' : this.#outlook(set)}</span>
        <code class="parameter-command" tabindex="0">${runCommandLine(this.file, set)}</code>
        <button type="button" class="tool" title="Copy the command line" aria-label="Copy the command line" @click=${() => this.tell('copy', set)}>${icon('copy')}</button>
      </div>
    `;
  }

  /** What would run, when that was asked about exactly these overrides. */
  #outlook(set: Overrides): string {
    const { tried } = this;
    if (!tried || JSON.stringify(tried.set) !== JSON.stringify(set)) return '';
    if (!tried.plan) return tried.problem;
    const runs = tried.plan.steps.filter(step => step.action === 'run').map(step => step.name);
    if (runs.length === 0) return 'Nothing would run.';
    const { estimate } = tried.plan;
    const names = runs.length > 4 ? `${runs.length} steps` : runs.join(', ');
    const written = Object.keys(set).length > 0 && this.file.endsWith('dvc.yaml');
    const where = written ? ' As with DVC, the values are written into their files.' : '';
    return `Would run ${names}${estimate ? `, about ${formatDuration(estimate)}` : ''}.${where}`;
  }

  #overrides(): { set: Overrides; problems: number } {
    return overridesOf(this.parameters, this.written);
  }

  #write(path: string, text: string): void {
    const value = this.parameters.find(parameter => parameter.path === path)?.value;
    const { [path]: _, ...others } = this.written;
    this.tell('write', text === value ? others : { ...others, [path]: text });
  }

  /** Enter in a field runs, as the button does. */
  #submit(event: Event): void {
    event.preventDefault();
    const { set, problems } = this.#overrides();
    if (problems === 0 && !this.busy) this.tell('run', set);
  }
}

/** The overrides that what is written comes to, and how many values cannot be. */
export function overridesOf(
  parameters: readonly Parameter[],
  written: Readonly<Record<string, string>>,
): { set: Overrides; problems: number } {
  const changed = parameters.flatMap(({ path, type, value }) => {
    const text = written[path];
    return text === undefined || text === value ? [] : [{ path, type, text }];
  });
  return {
    set: Object.fromEntries(changed.map(({ path, type, text }) => [path, overrideText(type, text)])),
    problems: changed.filter(({ type, text }) => valueProblem(type, text) !== '').length,
  };
}

customElements.define('modelthat-parameter-form', ParameterForm);
