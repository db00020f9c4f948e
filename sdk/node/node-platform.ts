import { WebSocket } from 'ws';
import type { PlatformOptions, WebSocketConstructor } from '../platform.ts';
import { nodeSha256, nodeSigner, nodeVerifyBatch } from './node-crypto.ts';

/** What Node has of its own, for `connect`: faster Ed25519 and SHA-256, and a WebSocket where Node 20 has none. */
export function nodePlatform(): PlatformOptions {
  return {
    sha256: nodeSha256,
    verifyBatch: nodeVerifyBatch,
    verifyAtOnce: nodeVerifyBatch,
    makeSigner: nodeSigner,
    webSocket: WebSocket as unknown as WebSocketConstructor,
  };
}
