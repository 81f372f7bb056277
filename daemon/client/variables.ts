/** Variables that point an MLflow client at a daemon. The address is clean, because clients print it. */
export function mlflowVariables(url: string, token: string): Readonly<Record<string, string>> {
  return {
    MLFLOW_TRACKING_URI: url,
    MLFLOW_TRACKING_USERNAME: 'modelthat',
    MLFLOW_TRACKING_PASSWORD: token,
  };
}
