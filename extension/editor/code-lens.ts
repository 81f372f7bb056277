import * as vscode from 'vscode';
import { commandOf, setting } from '../contributes/vscode.ts';
import type { PipelineWatch } from './pipeline-watch.ts';
import { type DefinedAt, stepFacts } from './step-facts.ts';

/**
 * ▶ above a pipeline file and above each of its steps, and beside it how the step last ended. Places are parsed here and
 * not by the daemon: a lens that comes late moves the text. What comes late stands at the end of a line that is there.
 */
export class PipelineLenses implements vscode.CodeLensProvider {
  readonly #watch: PipelineWatch;
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(watch: PipelineWatch) {
    this.#watch = watch;
    this.onDidChangeCodeLenses = watch.onDidChange;
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!vscode.workspace.isTrusted || !setting('modelthat.editor.codeLens')) return [];
    // The parser is loaded with the first pipeline file that is opened.
    const { stepLines } = await import('../language/step-lines.ts');
    const { steps, stepsLine } = stepLines(document.uri.fsPath, document.getText());
    if (stepsLine === undefined) return [];
    const { uri } = document;
    return [
      lens(stepsLine, commandOf('modelthat.pipelines.run', '$(play) Run pipeline', uri)),
      lens(stepsLine, commandOf('modelthat.pipelines.runWithParameters', 'Run with parameters…', uri)),
      lens(stepsLine, commandOf('modelthat.pipelines.plan', 'Plan', uri)),
      ...steps.flatMap(step => this.#lensesOf(uri, step)),
    ];
  }

  #lensesOf(file: vscode.Uri, step: DefinedAt): vscode.CodeLens[] {
    const argument = { file, step: step.name };
    const facts = this.#watch.factsOf(file);
    return [
      lens(step.line, commandOf('modelthat.steps.run', '$(play) Run step', argument)),
      lens(step.line, commandOf('modelthat.steps.runFromHere', 'Run from here', argument)),
      ...(facts
        ? [
            lens(
              step.line,
              commandOf('modelthat.pipelines.open', stepFacts(step, facts, Date.now()), argument),
            ),
          ]
        : []),
    ];
  }
}

function lens(line: number, command: vscode.Command): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), command);
}
