/** The page's one line to its host in the extension. */

interface HostApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): HostApi;

/** Typed messages to and from the host, and what is kept over a reload of the window. */
export class Host<Out, In, State> {
  readonly #api = acquireVsCodeApi();

  send(message: Out): void {
    this.#api.postMessage(message);
  }

  /** Calls `receive` with each message of the host. Only the editor itself can post to this window. */
  listen(receive: (message: In) => void): void {
    window.addEventListener('message', (event: MessageEvent<In>) => receive(event.data));
  }

  get kept(): Partial<State> {
    return (this.#api.getState() ?? {}) as Partial<State>;
  }

  keep(state: State): void {
    this.#api.setState(state);
  }
}
