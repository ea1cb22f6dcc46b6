/**
 * The two files of undici that a request needs. The whole package also brings fetch, WebSocket, caches and mocks. At the start of
 * every suite's pod, it takes 105 ms of CPU and 29 MiB. The two take 50 ms and 16 MiB (docs/adr). The version is pinned, and
 * client.integration.ts fails when these files move.
 */
declare module 'undici/lib/dispatcher/agent.js' {
  import { Agent } from 'undici';
  export default Agent;
}

declare module 'undici/lib/api/api-request.js' {
  import type { Dispatcher } from 'undici';
  /** Dispatcher.request, which undici adds to the dispatchers only when the whole package is loaded. */
  export default function request(
    this: Dispatcher,
    options: Dispatcher.RequestOptions,
  ): Promise<Dispatcher.ResponseData>;
}
