import * as vscode from 'vscode';
import { commandOf, setting } from '../contributes/vscode.ts';

/** ▶ above a pipeline file and above each of its steps. Parsed here and not by the daemon: a lens that comes late moves the text. */
export class PipelineLenses implements vscode.CodeLensProvider {
  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!vscode.workspace.isTrusted || !setting('modelthat.editor.codeLens')) return [];
    // The parser is loaded with the first pipeline file that is opened.
    const { stepLines } = await import('./step-lines.ts');
    const { steps, stepsLine } = stepLines(document.getText());
    if (stepsLine === undefined) return [];
    const at = (line: number) => new vscode.Range(line, 0, line, 0);
    return [
      new vscode.CodeLens(
        at(stepsLine),
        commandOf('modelthat.pipelines.run', '$(play) Run pipeline', document.uri),
      ),
      new vscode.CodeLens(
        at(stepsLine),
        commandOf('modelthat.pipelines.runWithParameters', 'Run with parameters…', document.uri),
      ),
      ...steps.map(
        ({ name, line }) =>
          new vscode.CodeLens(
            at(line),
            commandOf('modelthat.steps.run', '$(play) Run step', { file: document.uri, step: name }),
          ),
      ),
    ];
  }
}
