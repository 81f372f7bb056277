/** The Python that the editor has selected for a folder. */
import * as vscode from 'vscode';
import { interpreterPath } from './interpreter-path.ts';

/** The part of the Python extension's API that is used: https://github.com/microsoft/vscode-python/blob/main/src/client/api/types.ts */
interface PythonExtension {
  readonly environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri | undefined } } | undefined>;
  };
}

/** What the setting says where nobody has set it: no choice, but the first on the PATH. */
const NONE_CHOSEN = 'python';

/**
 * Absolute path of the interpreter that is selected for a file: by the Python extension, or without it by its setting.
 * Undefined when none is, and in a folder that is not trusted: its settings must name no program.
 */
export async function selectedPython(file: string): Promise<string | undefined> {
  if (!vscode.workspace.isTrusted) return undefined;
  const resource = vscode.Uri.file(file);
  const extension = vscode.extensions.getExtension<PythonExtension>('ms-python.python');
  if (!extension) return pythonOfSettings(resource);
  const { environments } = await extension.activate();
  const active = environments.getActiveEnvironmentPath(resource);
  if (active.path === NONE_CHOSEN) return undefined;
  return (await environments.resolveEnvironment(active))?.executable.uri?.fsPath;
}

function pythonOfSettings(resource: vscode.Uri): string | undefined {
  const text = vscode.workspace.getConfiguration('python', resource).get<string>('defaultInterpreterPath');
  const folder = vscode.workspace.getWorkspaceFolder(resource)?.uri.fsPath;
  if (!text || text === NONE_CHOSEN) return undefined;
  return interpreterPath(text, folder);
}
