import * as vscode from 'vscode';
import { commandOf, setting } from '../contributes/vscode.ts';
import { loggingOf } from './logging-documents.ts';
import type { SourceWatch } from './source-watch.ts';

/**
 * Above the place where a training begins: when it last ran, how its metric stands, and what can be done. Where it stands
 * is read from the text, so that what is known later changes its words and moves no line.
 */
export class TrainingLenses implements vscode.CodeLensProvider {
  readonly #watch: SourceWatch;
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(watch: SourceWatch) {
    this.#watch = watch;
    this.onDidChangeCodeLenses = watch.onDidChange;
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const found = setting('modelthat.editor.codeLens') ? await loggingOf(document) : undefined;
    if (!found) return [];
    const { logging, offset, uri, isCell } = found;
    const at = logging.entry - offset;
    if (at < 0 || at > document.getText().length) return [];
    const facts = this.#watch.factsOf(uri);
    const { entryFacts } = await import('../language/logging/notes.ts');
    const file = { file: uri.fsPath };
    const commands = [
      commandOf(
        'modelthat.sources.openRun',
        facts ? entryFacts(facts.results, facts.goals, Date.now()) : 'last run not known',
        file,
      ),
      // A cell has its own way to be run.
      ...(isCell || !vscode.workspace.isTrusted
        ? []
        : [commandOf('modelthat.sources.run', '$(play) Run', file)]),
      ...(facts && facts.results.runs > 1 ? [commandOf('modelthat.sources.compare', 'Compare', file)] : []),
    ];
    const place = document.positionAt(at).with({ character: 0 });
    return commands.map(command => new vscode.CodeLens(new vscode.Range(place, place), command));
  }
}
