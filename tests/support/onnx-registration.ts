/** Registering an ONNX model with a daemon, call by call as an MLflow client does. */
import type { DaemonClient } from '../../daemon/client/client.ts';
import { linearModel } from './onnx.ts';

/** Logs `linearModel(weights)` with a run and makes it the next version of the model `name`. */
export async function registerLinearModel(
  client: DaemonClient,
  name: string,
  weights: readonly number[],
): Promise<void> {
  await registerOnnx(client, name, linearModel(weights));
}

/** Logs the bytes of an ONNX file with a run and makes it the next version of the model `name`. */
export async function registerOnnx(client: DaemonClient, name: string, model: Uint8Array): Promise<void> {
  const call = async (path: string, body: object) => {
    const headers = { 'content-type': 'application/json' };
    const response = await client.fetch(`/api/2.0/mlflow${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    return response.json();
  };
  const created = await call('/runs/create', { experiment_id: '0', start_time: Date.now() });
  const { info } = (created as { run: { info: { run_id: string; artifact_uri: string } } }).run;
  const place = info.artifact_uri.replace(/^mlflow-artifacts:/, '');
  await client.fetch(`/api/2.0/mlflow-artifacts/artifacts${place}/model/model.onnx`, {
    method: 'PUT',
    body: new Uint8Array(model),
  });
  await call('/registered-models/create', { name }).catch(() => undefined);
  await call('/model-versions/create', { name, source: `${info.artifact_uri}/model`, run_id: info.run_id });
}
