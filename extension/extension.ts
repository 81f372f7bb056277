import * as vscode from 'vscode';
import { approvalCommands } from './commands/approvals.ts';
import { automationCommands } from './commands/automations.ts';
import { daemonCommands } from './commands/daemon.ts';
import { evaluationCommands } from './commands/evaluations.ts';
import { executionCommands } from './commands/executions.ts';
import { exportCommands } from './commands/exports.ts';
import { importCommands } from './commands/imports.ts';
import { lineageCommands } from './commands/lineage.ts';
import { modelCommands } from './commands/models.ts';
import { pipelineCommands } from './commands/pipelines.ts';
import type { OpenModel } from './commands/promote.ts';
import { reproductionCommands } from './commands/reproductions.ts';
import { type OpenRun, runCommands } from './commands/runs.ts';
import { sampleCommands } from './commands/samples.ts';
import { type CompareRuns, sourceCommands } from './commands/sources.ts';
import type { OpenPipeline } from './commands/start.ts';
import { COMMANDS, type CommandDeclaration, type CommandId } from './contributes/commands.ts';
import { TASK_TYPE } from './contributes/names.ts';
import { type Handler, type Handlers, registerCommand, setting } from './contributes/vscode.ts';
import { processLauncher } from './daemon/launcher.ts';
import { Stores } from './daemon/stores.ts';
import { ArtifactFiles } from './editor/artifact-files.ts';
import { CodeDocuments } from './editor/code-documents.ts';
import { PipelineLenses } from './editor/code-lens.ts';
import { PipelineDiagnostics } from './editor/diagnostics.ts';
import { PIPELINE_DOCUMENTS, REGISTERING_DOCUMENTS } from './editor/documents.ts';
import { LanguageFeatures } from './editor/language-features.ts';
import { LOGGING_DOCUMENTS } from './editor/logging-documents.ts';
import { MetricHovers } from './editor/metric-hover.ts';
import { MetricNotes } from './editor/metric-notes.ts';
import { ModelLenses } from './editor/model-lenses.ts';
import { ParameterNotes } from './editor/parameter-notes.ts';
import { PipelineWatch } from './editor/pipeline-watch.ts';
import { SourceWatch } from './editor/source-watch.ts';
import { StepLogs } from './editor/step-logs.ts';
import { TrainingLenses } from './editor/training-lenses.ts';
import { WorkspaceFiles } from './editor/workspace-files.ts';
import { registerTools } from './integrations/assistants.ts';
import { offerCommandLine } from './integrations/command-line.ts';
import { DebugSessions } from './integrations/debug-sessions.ts';
import { offerImport } from './integrations/import-offer.ts';
import { Links } from './integrations/links.ts';
import { Notifications } from './integrations/notifications.ts';
import { statusBar } from './integrations/status-bar.ts';
import { PipelineTasks } from './integrations/tasks.ts';
import { TerminalLinks } from './integrations/terminal-links.ts';
import { Terminals } from './integrations/terminals.ts';
import { comparePanels } from './panels/compare-panel.ts';
import { lineagePanels } from './panels/lineage-panel.ts';
import { modelPanels } from './panels/model-panel.ts';
import { pipelinePanels } from './panels/pipeline-panel.ts';
import { runPanels } from './panels/run-panel.ts';
import { idOf, runsPanels } from './panels/runs-panel.ts';
import { ExperimentsTree } from './trees/experiments.ts';
import { ModelsTree } from './trees/models.ts';
import { PipelinesTree } from './trees/pipelines.ts';

/** Builds the parts and registers them. Nothing is started before a view is seen or a command is called. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('modelthat', { log: true });
  const cli = vscode.Uri.joinPath(context.extensionUri, 'dist', 'cli.mjs').fsPath;
  const program = vscode.Uri.joinPath(context.extensionUri, 'dist', 'daemon', 'main.mjs').fsPath;
  const python = vscode.Uri.joinPath(context.extensionUri, 'dist', 'daemon', 'python').fsPath;
  const stores = new Stores(
    processLauncher(program, () => setting('modelthat.artifacts')),
    log,
  );
  const trees = [new ExperimentsTree(stores), new PipelinesTree(stores), new ModelsTree(stores)];
  const logs = new StepLogs();
  const watch = new PipelineWatch(stores, log);
  const files = new WorkspaceFiles();
  const sources = new SourceWatch(stores, log);
  const modelLenses = new ModelLenses(stores, log);
  const artifacts = new ArtifactFiles(stores);
  const runs = runPanels(context.extensionUri, stores, log, place => artifacts.open(place));
  const openBeside: OpenRun = (connection, runId) => runs.open(connection, runId, vscode.ViewColumn.Beside);
  const code = new CodeDocuments(stores);
  const comparisons = comparePanels(context.extensionUri, stores, log, { openRun: openBeside, code });
  const compare: CompareRuns = (connection, ids) => comparisons.open(connection, ids.join(' '));
  const tables = runsPanels(context.extensionUri, stores, log, {
    openRun: openBeside,
    compare,
  });
  const pipelines = pipelinePanels(context.extensionUri, stores, log);
  const models = modelPanels(context.extensionUri, stores, log);
  const openModel: OpenModel = (connection, name, version) => {
    const page = models.open(connection, name);
    if (version !== null) page.reveal(version);
  };
  const openRun: OpenRun = (connection, runId) => runs.open(connection, runId);
  const openPipeline: OpenPipeline = (connection, file, place) =>
    pipelines.open(connection, file).reveal(place);
  const lineage = lineagePanels(context.extensionUri, stores, log, { openRun, openModel, openPipeline });
  const handlers: Handlers = {
    ...daemonCommands(stores, trees, log),
    ...sampleCommands(vscode.Uri.joinPath(context.extensionUri, 'examples', 'first-steps')),
    ...runCommands(stores, openRun, (connection, ids) => tables.open(connection, idOf(ids))),
    ...sourceCommands(stores, openBeside, compare),
    ...importCommands(stores),
    ...exportCommands(stores),
    ...pipelineCommands(stores, openPipeline),
    ...executionCommands(stores, logs, openRun),
    ...automationCommands(stores),
    ...modelCommands(stores, { openModel, openRun, extensionId: context.extension.id }),
    ...lineageCommands(stores, (connection, node) => lineage.open(connection, node)),
    ...approvalCommands(stores),
    ...reproductionCommands(stores),
    ...evaluationCommands(stores, openModel),
  };

  context.subscriptions.push(
    log,
    stores,
    ...trees,
    logs,
    watch,
    artifacts,
    runs,
    tables,
    comparisons,
    code,
    pipelines,
    models,
    lineage,
    statusBar(stores),
    new Terminals(context.environmentVariableCollection, stores, python, log),
    new DebugSessions(stores, python).register(),
    vscode.window.registerTerminalLinkProvider(new TerminalLinks(stores, openRun)),
    new PipelineDiagnostics(stores, log),
    files,
    new LanguageFeatures(stores, files, log),
    new ParameterNotes(stores, files, log),
    new Notifications(stores, log),
    vscode.window.registerUriHandler(new Links(stores, openModel)),
    vscode.tasks.registerTaskProvider(TASK_TYPE, new PipelineTasks(cli)),
    vscode.languages.registerCodeLensProvider(PIPELINE_DOCUMENTS, new PipelineLenses(watch)),
    sources,
    registerTools(stores),
    new MetricNotes(sources),
    vscode.languages.registerHoverProvider(LOGGING_DOCUMENTS, new MetricHovers(stores, sources)),
    vscode.languages.registerCodeLensProvider(LOGGING_DOCUMENTS, new TrainingLenses(sources)),
    modelLenses,
    vscode.languages.registerCodeLensProvider(REGISTERING_DOCUMENTS, modelLenses),
    ...Object.entries(handlers).map(([id, handler]) =>
      registerCommand(id as CommandId, reporting(onlyTrusted(id as CommandId, handler), log)),
    ),
  );

  offerCommandLine(context, log);
  offerImport(context);
}

/** Menus leave out what would run programs in a folder that is not trusted; links and other extensions do not. */
function onlyTrusted(id: CommandId, handler: Handler): Handler {
  const { title, runsPrograms }: CommandDeclaration = COMMANDS[id];
  if (!runsPrograms) return handler;
  return (...given) => {
    if (vscode.workspace.isTrusted) return handler(...given);
    throw new Error(`“${title}” would run programs of a folder that is not trusted. Trust the folder first.`);
  };
}

/** Says what went wrong in a command, with the way to the log. */
function reporting(handler: Handler, log: vscode.LogOutputChannel): Handler {
  return async (...given) => {
    try {
      await handler(...given);
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      log.error(problem);
      if (await vscode.window.showErrorMessage(problem.message, 'Show Log')) log.show();
    }
  };
}
