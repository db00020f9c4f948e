import { WebSocket } from 'ws';
import type { PlatformOptions, WebSocketConstructor } from '../platform.ts';
import { nodeSigner, nodeVerifyBatch } from './node-crypto.ts';

/** What Node has of its own, for `connect`: the faster Ed25519, and a WebSocket where Node 20 has none. */
export function nodePlatform(): PlatformOptions {
  return {
    verifyBatch: nodeVerifyBatch,
    makeSigner: nodeSigner,
    webSocket: WebSocket as unknown as WebSocketConstructor,
  };
}
