/** Small parts of the model page that stand in several places. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { GateResult, Stage } from '../../daemon/contract/models.ts';
import { icon } from '../ui/icons.ts';
import type { Change } from './timeline.ts';

/** The name of a stage, in its colour; nothing for none. */
export function stageTag(stage: Stage): TemplateResult | typeof nothing {
  if (stage === 'None') return nothing;
  return html`<span class="tag stage-${stage.toLowerCase()}">${stage}</span>`;
}

/** A difference, in the colour of what it means; the word for it is said to screen readers. */
export function changeText({ text, tone }: Change): TemplateResult | string {
  if (tone === '') return text;
  return html`<span class="change-${tone}" title=${tone}>${text}<span class="spoken"> ${tone}</span></span>`;
}

/** What had to hold, and whether it did. */
export function gateList(gates: readonly GateResult[]): TemplateResult {
  return html`
    <ul class="gates">
      ${gates.map(
        ({ gate, passed, message, observed, expected }) => html`
          <li>
            ${icon(passed ? 'pass' : 'error', passed ? 'status-finished' : 'status-failed')}
            <span class="spoken">${passed ? 'passed' : 'failed'}</span>
            <span>${gate}
              <span class="faint">${[message, foundText(observed, expected)].filter(Boolean).join('; ')}</span></span>
          </li>
        `,
      )}
    </ul>
  `;
}

function foundText(observed: GateResult['observed'], expected: GateResult['expected']): string {
  if (observed === null) return '';
  const limit = expected === null ? '' : `, limit ${formatMetric(expected)}`;
  return `observed ${formatMetric(observed)}${limit}`;
}
