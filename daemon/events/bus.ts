import { EventEmitter } from 'node:events';
import type { ChangeEvent } from '../contract/events.ts';

/** In-process announcement of changes: services publish after a commit, faces (event stream, webhooks) listen. */
export class EventBus {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  publish(event: ChangeEvent): void {
    this.#emitter.emit('change', event);
  }

  /** @returns a function that ends the subscription. */
  subscribe(listener: (event: ChangeEvent) => void): () => void {
    this.#emitter.on('change', listener);
    return () => this.#emitter.off('change', listener);
  }
}
