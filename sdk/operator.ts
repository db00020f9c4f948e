import { HttpClient, type RequestOptions } from './http-client.ts';
import { platformOf, type PlatformOptions } from './platform.ts';

/** Asks a relay as one of its operators. */
export interface Operator {
  /** Sends a signed request and gives the answer as it is, refusals included. `path` with its query. */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
}

/**
 * For operators who are nobody at their relay: a key that `OPERATORS` lists (`CR10`) and no identity. Whoever has an identity that is
 * listed uses its session. `seed` is the 32-byte private key.
 */
export function operatorOf(relay: string, seed: Uint8Array, options: PlatformOptions = {}): Operator {
  const platform = platformOf(options);
  const http = new HttpClient(relay, platform);
  http.signAs(platform.makeSigner(seed));
  return {
    async request(method, path, requestOptions = {}) {
      return http.send(method, path, requestOptions, await http.signature(method, path, requestOptions.body));
    },
  };
}
