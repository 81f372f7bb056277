// Does in a window all that could make the product run something: opens and hovers over each file, shows each view, and
// calls each command, also those that menus hide. What came of it is written to the file that PROBE_REPORT names.
const fs = require('node:fs');
const vscode = require('vscode');

const PATIENCE_MS = 1_000;
const PRODUCT = 'modelthat.modelthat';

exports.activate = async () => {
  const report = { trusted: vscode.workspace.isTrusted, active: false, commands: {} };
  try {
    const product = vscode.extensions.getExtension(PRODUCT);
    if (!product) throw new Error(`the window has no extension ${PRODUCT}`);
    await product.activate();
    report.active = product.isActive;
    const files = await vscode.workspace.findFiles('**/*');
    for (const file of files) await readAsAPersonWould(file);
    const { commands, views } = product.packageJSON.contributes;
    for (const { id } of Object.values(views).flat()) await attempt(`${id}.focus`);
    const pipeline = files.find(file => file.path.endsWith('/modelthat.yaml'));
    for (const { command } of commands)
      for (const argument of [undefined, pipeline, { file: pipeline, step: 'evil' }])
        report.commands[command] = await attempt(command, argument);
  } catch (error) {
    report.error = String(error?.stack ?? error);
  }
  // Whole at once: whoever waits for it reads no half of it.
  fs.writeFileSync(`${process.env.PROBE_REPORT}.part`, JSON.stringify(report));
  fs.renameSync(`${process.env.PROBE_REPORT}.part`, process.env.PROBE_REPORT);
};

async function readAsAPersonWould(file) {
  const document = await vscode.workspace.openTextDocument(file).then(
    opened => opened,
    () => undefined,
  );
  if (!document) return;
  await vscode.window.showTextDocument(document);
  for (let line = 0; line < document.lineCount; line += 1)
    await vscode.commands.executeCommand('vscode.executeHoverProvider', file, new vscode.Position(line, 2));
  await vscode.commands.executeCommand('vscode.executeCodeLensProvider', file, 100);
  await vscode.commands.executeCommand('vscode.executeDocumentSymbolProvider', file);
  await vscode.commands.executeCommand('vscode.executeCompletionItemProvider', file, new vscode.Position(0, 0));
}

// A command that asks something is left unanswered.
async function attempt(command, argument) {
  const called = vscode.commands.executeCommand(command, argument).then(
    () => 'done',
    error => `failed: ${error}`,
  );
  const waited = new Promise(resolve => setTimeout(resolve, PATIENCE_MS, 'waits'));
  const outcome = await Promise.race([called, waited]);
  await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
  await vscode.commands.executeCommand('notifications.clearAll');
  return outcome;
}
