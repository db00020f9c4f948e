import {
  chainIdOf,
  createSignatureChecker,
  fromBase64Url,
  mapKey,
  type ChainId,
  type Submission,
} from '../../core/index.ts';
import { resendUntilKnown } from '../../sdk/chain/resend.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { nodePlatform, nodeSigner, nodeVerifyBatch } from '../../sdk/node/index.ts';
import { platformOf, type Platform } from '../../sdk/platform.ts';
import { RelayClient } from '../../sdk/relay-client.ts';
import type { SpawnedRelay } from '../../workers/local.ts';
import { downloadLog, type DownloadedLog } from '../support/download-log.ts';
import { signByPlatform, type TestActor } from '../support/test-actor.ts';

const signers = new Map<string, ReturnType<typeof nodeSigner>>();

signByPlatform((seed, message) => {
  const signer = signers.get(mapKey(seed)) ?? nodeSigner(seed);
  signers.set(mapKey(seed), signer);
  return signer.sign(message);
});

/** A member of one plain group who speaks to the relay in the protocol's own terms, and believes nothing. */
export class LogClient {
  readonly chain: ChainId;
  readonly relay: RelayClient;
  readonly #http: HttpClient;
  readonly #platform: Platform;

  private constructor(chain: ChainId, http: HttpClient, platform: Platform) {
    this.chain = chain;
    this.#http = http;
    this.#platform = platform;
    this.relay = new RelayClient(http);
  }

  /** Founds a private plain group at a relay. */
  static async found(relay: SpawnedRelay, founder: TestActor): Promise<LogClient> {
    const checkpointKey = fromBase64Url(relay.publicKey) as Uint8Array;
    const genesis: Submission = founder.genesis({ relayName: relay.name, checkpointKey }, Date.now());
    const platform = platformOf(nodePlatform());
    const http = new HttpClient(relay.url, platform);
    http.signAs(nodeSigner(founder.seed));
    const client = new LogClient(chainIdOf({ tbs: genesis.event, signature: genesis.signature }), http, platform);
    await client.relay.found(genesis);
    return client;
  }

  download(): Promise<DownloadedLog> {
    const checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
    return downloadLog(this.chain, {
      http: this.#http,
      check: (jobs) => checker.check(jobs),
      ask: (question) => this.insist(question),
    });
  }

  /** Asks again where no answer came, as clients do: a server may close an idle connection just as it is used again. */
  insist<T>(ask: () => Promise<T>): Promise<T> {
    return resendUntilKnown(ask, this.#platform, undefined);
  }
}
