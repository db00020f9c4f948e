import { createSignatureChecker, fromBase64Url, type ChainId } from '../../core/index.ts';
import type { ActorSigner } from '../../sdk/actor-signer.ts';
import { ChainFollower } from '../../sdk/chain/chain-follower.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { memoryStorage } from '../../sdk/index.ts';
import { nodePlatform, nodeVerifyBatch } from '../../sdk/node/index.ts';
import { platformOf } from '../../sdk/platform.ts';
import { RelayClient } from '../../sdk/relay-client.ts';

/** The relay as a client pins it. */
export interface PinnedRelay {
  readonly url: string;
  readonly name: string;
  readonly publicKey: string;
}

/** A client that knows nothing of a chain yet and may read it. */
export function newFollower(relay: PinnedRelay, chain: ChainId, reader: ActorSigner): ChainFollower {
  const http = new HttpClient(relay.url, platformOf(nodePlatform()));
  http.signAs(reader);
  const checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
  const check: typeof nodeVerifyBatch = (jobs) => checker.check(jobs);
  const pinned = { name: relay.name, checkpointKey: fromBase64Url(relay.publicKey) as Uint8Array };
  const context = { client: new RelayClient(http), storage: memoryStorage(), relay: pinned, check };
  return new ChainFollower(context, chain);
}
