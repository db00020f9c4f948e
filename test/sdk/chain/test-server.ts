import { encode, entryPage, MEDIA_TYPE, problemOf, publicKeyOf, type EntryPage } from '../../../core/index.ts';
import { createSignatureChecker } from '../../../core/index.ts';
import type { ChainContext } from '../../../sdk/chain/chain-follower.ts';
import { HttpClient } from '../../../sdk/http-client.ts';
import { actorSigner } from '../../../sdk/actor-signer.ts';
import { platformOf, type Fetch, type Platform } from '../../../sdk/platform.ts';
import { RelayClient } from '../../../sdk/relay-client.ts';
import { nodeVerifyBatch } from '../../../sdk/node/index.ts';
import { memoryStorage, type Storage } from '../../../sdk/index.ts';
import { actorSeed, RELAY_NAME, relaySeed, type TestLog } from './test-log.ts';

/** What the test's relay answers from; both may be replaced at any time. */
export interface Served {
  log: TestLog;
  /** The last hand on every page before it leaves. */
  tamper?: (page: EntryPage, from: number) => EntryPage;
  /** In place of the log's own. */
  proof?: (index: number) => string;
  readonly requests: string[];
}

/** The reading routes of a relay over one log, in the process of the test. */
export function serve(log: TestLog): { served: Served; platform: Platform; client: RelayClient } {
  const served: Served = { log, requests: [] };
  const fetch: Fetch = async (url) => {
    const { pathname, searchParams } = new URL(url);
    served.requests.push(pathname);
    const proof = /\/log\/proof\/(\d+)$/.exec(pathname)?.[1];
    if (proof !== undefined) return new Response((served.proof ?? served.log.proof.bind(served.log))(Number(proof)));
    if (!pathname.endsWith('/entries')) return problem();
    const from = Number(searchParams.get('from'));
    const page = served.log.page(from, Number(searchParams.get('limit')));
    const body = encode(entryPage, served.tamper?.(page, from) ?? page) as Uint8Array<ArrayBuffer>;
    return new Response(body, { headers: { 'content-type': MEDIA_TYPE } });
  };
  const platform = platformOf({ fetch });
  const http = new HttpClient('http://relay.example', platform);
  http.signAs(actorSigner(actorSeed('alice')));
  return { served, platform, client: new RelayClient(http) };
}

function problem(): Response {
  const body = JSON.stringify(problemOf({ code: 'not-found' }));
  return new Response(body, { status: 404, headers: { 'content-type': 'application/problem+json' } });
}

export function contextOf(client: RelayClient, storage: Storage = memoryStorage()): ChainContext {
  const { check } = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
  return { client, storage, relay: { name: RELAY_NAME, checkpointKey: publicKeyOf(relaySeed) }, check };
}
