import {
  auditStateIntegrity,
  chainIdOf,
  createSignatureChecker,
  decodeTrusted,
  fromBase64Url,
  MAX_PAGE_ENTRIES,
  stateAnswer,
  toBase64Url,
  type AuditReport,
  type ChainId,
  type LoggedEntry,
  type Submission,
} from '../../core/index.ts';
import { resendUntilKnown } from '../../sdk/chain/resend.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { nodePlatform, nodeSigner, nodeVerifyBatch } from '../../sdk/node/index.ts';
import { platformOf, type Platform } from '../../sdk/platform.ts';
import { RelayClient } from '../../sdk/relay-client.ts';
import type { SpawnedRelay } from '../../workers/local.ts';
import type { TestActor } from '../support/test-actor.ts';

/** A chain as its relay gives it out, and proof that this is a log as it must be. */
export interface DownloadedLog {
  readonly entries: readonly LoggedEntry[];
  readonly report: AuditReport;
}

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

  /** Downloads everything and audits it from entry 0: links, signatures, rules, tree, checkpoint and claimed state. */
  async download(): Promise<DownloadedLog> {
    const entries: LoggedEntry[] = [];
    let checkpoint = '';
    for (;;) {
      const range = { from: entries.length, limit: MAX_PAGE_ENTRIES };
      const page = await this.insist(() => this.relay.entries(this.chain, range));
      checkpoint = page.checkpoint;
      entries.push(...page.entries);
      if (entries.length >= Number(checkpoint.split('\n')[1])) break;
      if (page.entries.length === 0) throw new Error(`the relay gives ${entries.length} entries and signed for more`);
    }
    const checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
    const subject = {
      chain: this.chain,
      batches: [entries.map(({ entry }) => entry)],
      checkpoint: () => checkpoint,
      claimedDigest: await this.#claimedDigest(),
    };
    const report = await auditStateIntegrity(subject, (jobs) => checker.check(jobs));
    if (!report.ok) throw new Error(`the log does not verify: ${JSON.stringify(report.error)}`);
    return { entries, report: report.value };
  }

  async #claimedDigest(): Promise<Uint8Array> {
    const path = `/v1/chains/${toBase64Url(this.chain)}/state`;
    return decodeTrusted(stateAnswer, await this.insist(() => this.#http.signed('GET', path, {}))).digest;
  }

  /** Asks again where no answer came, as clients do: a server may close an idle connection just as it is used again. */
  insist<T>(ask: () => Promise<T>): Promise<T> {
    return resendUntilKnown(ask, this.#platform, undefined);
  }
}
