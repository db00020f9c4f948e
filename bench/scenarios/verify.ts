import { performance } from 'node:perf_hooks';
import {
  beginReplay,
  createSignatureChecker,
  contentDigest,
  decodeTrusted,
  entryPage,
  MAX_PAGE_ENTRIES,
  MemoryHistory,
  parseEntries,
  replayEntries,
  replayJobs,
} from '../../core/index.ts';
import { nodeVerifyBatch } from '../../sdk/node/index.ts';
import { signRequest } from '../../sdk/signed-request.ts';
import { randomBytes } from 'node:crypto';
import { verifyRateInNode } from '../floors/verify-floor.ts';
import { BenchGroup } from '../load/bench-group.ts';
import { scaled, type Scenario } from '../scenario.ts';
import { fill } from './catch-up.ts';

const ENTRIES = 10_000;
const VERIFICATIONS = 4_000;

/** Replay of a log that is in memory: parsing, links, signatures, rules and tree, as an audit does them. */
export const verify: Scenario = {
  rows: [{ name: `verify-${ENTRIES}`, unit: 'entries/s', target: 0.8, kind: 'rate' }],
  async open(bench) {
    const group = await BenchGroup.found(bench.relay);
    await fill(group, scaled(ENTRIES, bench));
    const pages = await download(group);
    const size = pages.reduce((sum, page) => sum + page.length, 0);
    return {
      round() {
        const floor = verifyRateInNode(scaled(VERIFICATIONS, bench));
        const startMs = performance.now();
        replay(group, pages);
        return Promise.resolve([{ value: (size * 1000) / (performance.now() - startMs), floor }]);
      },
      close: () => undefined,
    };
  },
};

function replay({ chain }: BenchGroup, pages: readonly (readonly Uint8Array[])[]): void {
  const checker = createSignatureChecker({ verifyBatch: nodeVerifyBatch });
  const history = new MemoryHistory();
  let cursor = beginReplay(chain);
  for (const page of pages) {
    const batch = parseEntries(page);
    const replayed = replayEntries(cursor, batch, checker.check(replayJobs(batch)), history);
    if (!replayed.ok) throw new Error(`entry ${replayed.error.index}: ${replayed.error.code}`);
    cursor = replayed.value;
  }
}

async function download({ relay, path, founder }: BenchGroup): Promise<readonly (readonly Uint8Array[])[]> {
  const platform = { now: Date.now, randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
  const pages: (readonly Uint8Array[])[] = [];
  for (let from = 0; ;) {
    const url = `${relay.url}${path}/entries?from=${from}&limit=${MAX_PAGE_ENTRIES}`;
    const headers = await signRequest(
      { method: 'GET', url, digest: contentDigest(new Uint8Array()) },
      founder,
      platform,
    );
    const response = await fetch(url, { headers });
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
    const { entries } = decodeTrusted(entryPage, new Uint8Array(await response.arrayBuffer()));
    if (entries.length === 0) return pages;
    pages.push(entries.map(({ entry }) => entry));
    from += entries.length;
  }
}
