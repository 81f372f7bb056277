const vscode = require('vscode');
exports.activate = context => {
  context.subscriptions.push(
    vscode.commands.registerCommand('probe.page', () => {
      const panel = vscode.window.createWebviewPanel('probe', 'Probe', vscode.ViewColumn.One, { enableScripts: true });
      panel.webview.onDidReceiveMessage(text => panel.webview.postMessage(`pong ${text}`));
      panel.webview.html = `<button onclick="acquire.postMessage('1')">Ping</button><p></p>
        <script>const acquire = acquireVsCodeApi(); addEventListener('message', e => { document.querySelector('p').textContent = e.data; });</script>`;
    }),
  );
};
