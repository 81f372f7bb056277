// Who may import whom (docs/architecture.md). An arrow that is not allowed here is an error in `npm run check`.
const services = '^daemon/(tracking|models|registry|artifacts|archive|environments|lineage|evaluation|pipelines|secrets|tuning|serving|monitoring|housekeeping|audit|webhooks|reproduction|sources)/';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'extension-knows-contract-and-client-only', severity: 'error', from: { path: '^extension/' }, to: { path: '^daemon/', pathNot: '^daemon/(contract|client)/' } },
    { name: 'webviews-know-contract-only', severity: 'error', from: { path: '^webviews/' }, to: { path: '^(daemon|extension)/', pathNot: '^daemon/contract/' } },
    { name: 'daemon-knows-no-editor', severity: 'error', from: { path: '^daemon/' }, to: { path: '^(extension|webviews)/|^vscode$' } },
    { name: 'contract-stands-alone', severity: 'error', from: { path: '^daemon/contract/' }, to: { path: '^daemon/', pathNot: '^daemon/contract/' } },
    { name: 'client-knows-contract-only', severity: 'error', from: { path: '^daemon/client/' }, to: { path: '^daemon/', pathNot: '^daemon/(contract|client)/' } },
    { name: 'cli-knows-client-and-contract-only', severity: 'error', from: { path: '^daemon/cli/' }, to: { path: '^daemon/', pathNot: '^daemon/(contract|client|cli)/' } },
    { name: 'database-knows-no-domain-but-its-stores', severity: 'error', from: { path: '^daemon/database/', pathNot: '^daemon/database/operations\\.ts$' }, to: { path: services } },
    { name: 'tracking-knows-no-pipelines', severity: 'error', from: { path: '^daemon/tracking/' }, to: { path: '^daemon/(pipelines|registry|serving|tuning|monitoring|mlflow)/' } },
    { name: 'registry-knows-no-serving', severity: 'error', from: { path: '^daemon/registry/' }, to: { path: '^daemon/(serving|pipelines|monitoring|mlflow)/' } },
    { name: 'services-know-no-face', severity: 'error', from: { path: services, pathNot: '/routes\\.ts$' }, to: { path: '^daemon/(http|mlflow|mcp|cli)/' } },
    { name: 'product-knows-no-tests', severity: 'error', from: { path: '^(daemon|extension|webviews|scripts)/' }, to: { path: '^tests/', pathNot: '^tests/(support|faults|conformance)/' } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules|examples)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'] },
  },
};
