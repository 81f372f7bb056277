import { userInfo } from 'node:os';

/** Variables that point an MLflow client at a daemon. The address is clean, because clients print it. */
export function mlflowVariables(url: string, token: string): Readonly<Record<string, string>> {
  return {
    MLFLOW_TRACKING_URI: url,
    // The token alone is checked; clients write this name on their runs.
    MLFLOW_TRACKING_USERNAME: userName(),
    MLFLOW_TRACKING_PASSWORD: token,
  };
}

/** Who is logged in; a container's user may have no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'modelthat';
  }
}
