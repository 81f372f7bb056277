import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** Where the bundles of the pages are. */
export function pagesRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webviews');
}

/**
 * The document of a page: its bundle, its style sheet and nothing else. Under its policy no inline script or style runs
 * and nothing can be loaded from the network, whatever an artifact holds.
 *
 * @param name of the bundle
 * @param title of the document, for screen readers
 */
export function pageHtml(
  webview: vscode.Webview,
  extension: vscode.Uri,
  name: string,
  title: string,
): string {
  const nonce = randomBytes(16).toString('base64');
  const uri = (file: string) => webview.asWebviewUri(vscode.Uri.joinPath(pagesRoot(extension), file));
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data:`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="${policy}">
    <meta property="csp-nonce" content="${nonce}">
    <title>${title}</title>
    <link rel="stylesheet" href="${uri(`${name}.css`)}">
  </head>
  <body>
    <modelthat-${name}></modelthat-${name}>
    <script type="module" nonce="${nonce}" src="${uri(`${name}.js`)}"></script>
  </body>
</html>`;
}
