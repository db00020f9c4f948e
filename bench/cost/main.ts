/**
 * npm run bench:cost [-- --bytes N] [-- --json]
 *
 * What payloads cost at a cluster of six buckets, four of six shards: packs, writes, reads, scrubs and deletes them with the relay's
 * own code at nodes that count, and prints operations and stored bytes for a thousand messages, and what a million messages a day
 * cost a month. Beside it one object a message in one bucket, which survives no loss, and the same message erasure-coded by itself.
 */
import { parseArgs } from 'node:util';
import {
  checkCluster,
  countFitting,
  DAY_MS,
  ErasureCode,
  foundPlacement,
  MAX_SEGMENT_PAYLOADS,
  packSegment,
  sha256,
  type ChainId,
} from '../../core/index.ts';
import {
  BLOB_ID_BYTES,
  goodShards,
  HOT_AGE_MS,
  ReadTimes,
  readBlobRange,
  removeBlob,
  ROUND_PAUSE_MS,
  TransferMemory,
  writeBlob,
  type ClusterNodes,
} from '../../relay/index.ts';
import { openWebKernel } from '../../sdk/erasure-kernel.ts';
import { CountingNode } from './counting-node.ts';
import { prices } from './prices.ts';

const MESSAGES = 1_000;
const MESSAGES_A_MONTH = 30_000_000;
const RETENTION_DAYS = 30;
/** Rounds that a payload lives through, in each of which every shard of it is read (`CR1`). */
const ROUNDS = (RETENTION_DAYS * DAY_MS) / ROUND_PAUSE_MS;
/** Messages a minute of one chain, from a quiet group to a busy one, and the age at which they leave it in seconds. */
const PACES = [
  [0.5, 60],
  [0.5, HOT_AGE_MS / 1000],
  [0.5, 86_400],
  [10, 60],
  [10, HOT_AGE_MS / 1000],
  [100, HOT_AGE_MS / 1000],
  [2_000, HOT_AGE_MS / 1000],
] as const;

const options = { bytes: { type: 'string', default: '1024' }, json: { type: 'boolean', default: false } } as const;
const { values } = parseArgs({ options });
const payloadBytes = Number(values.bytes);
if (!(payloadBytes >= 1 && payloadBytes <= 16_384)) throw new Error('--bytes is from 1 to 16384');

interface Cost {
  readonly name: string;
  /** For a thousand messages. */
  readonly puts: number;
  readonly gets: number;
  /** Gets of rounds. */
  readonly scrubs: number;
  readonly deletes: number;
  /** Bytes kept for each byte of payload. */
  readonly overhead: number;
  /** For a million messages a day, $ a month. */
  readonly perMonth: number;
}

const names = Array.from({ length: 6 }, (_, i) => `node-${i}`);
const checked = checkCluster({
  nodes: names.map((name) => ({ name, domain: name })),
  dataShards: 4,
  allowsSharedDomains: false,
});
if (!checked.ok) throw new Error(checked.error.title);
const placement = foundPlacement(checked.value);
const code = new ErasureCode(await openWebKernel(), { dataShards: 4, totalShards: 6 });
const chain = sha256(new Uint8Array(1)) as ChainId;
let nextId = 0;

const costs = [
  costOf('one object a message, one bucket', {
    puts: MESSAGES,
    gets: MESSAGES,
    scrubs: 0,
    deletes: MESSAGES,
    storedBytes: payloadBytes * MESSAGES,
  }),
  await measure('one blob a message, 4 of 6', 1),
  ...(await Promise.all(
    PACES.map(([pace, ageS]) => measure(`${pace} messages a minute, after ${ageS} s`, messagesASegment(pace, ageS))),
  )),
];
console.log(values.json ? JSON.stringify({ payloadBytes, costs }) : table(costs));

/** As many as come until the oldest is that old, or as fit. */
function messagesASegment(pace: number, ageS: number): number {
  const inTime = Math.min(Math.max(1, Math.floor((pace * ageS) / 60)), MAX_SEGMENT_PAYLOADS + 1);
  return countFitting(Array<number>(inTime).fill(payloadBytes));
}

/** Writes one segment of so many messages, reads it once and then in a round, deletes it, and counts for a thousand messages. */
async function measure(name: string, count: number): Promise<Cost> {
  const nodes = new Map(names.map((node) => [node, new CountingNode()]));
  const cluster = clusterOf(nodes);
  const payloads = Array.from({ length: count }, (_, i) => {
    const payload = new Uint8Array(payloadBytes).fill(i);
    return { hash: sha256(payload), payload };
  });
  const { bytes } = packSegment(payloads);
  const blob = { chain, id: idOf(nextId++), blobBytes: bytes.length, expiresAt: 1 };
  const written = await writeBlob(cluster, blob, [bytes]);
  if (!written.ok) throw new Error('the counting nodes take everything');
  const total = (pick: (node: CountingNode) => number): number =>
    [...nodes.values()].reduce((sum, node) => sum + pick(node), 0);
  const storedBytes = total((node) => node.storedBytes);
  const stored = { ...blob, ...written.value };
  const read = await readBlobRange(cluster, stored, { start: 0, end: bytes.length });
  if (!read.ok) throw new Error('the counting nodes give everything');
  const gets = total((node) => node.classB);
  await goodShards(cluster, stored);
  const scrubs = (total((node) => node.classB) - gets) * ROUNDS;
  await removeBlob(cluster, { ...blob, placement: written.value.placement });
  const segments = MESSAGES / count;
  return costOf(name, {
    puts: total((node) => node.classA) * segments,
    gets: gets * segments,
    scrubs: scrubs * segments,
    deletes: total((node) => node.deletes) * segments,
    storedBytes: storedBytes * segments,
  });
}

function clusterOf(nodes: ReadonlyMap<string, CountingNode>): ClusterNodes {
  return {
    placement,
    placementOf: () => placement,
    node: (name) => nodes.get(name),
    code: () => code,
    readTimes: new ReadTimes(),
    memory: new TransferMemory(),
    clock: () => 0,
    // Nobody is late here, so nobody is asked twice.
    startTimer: () => ({ over: new Promise(() => undefined), cancel: () => undefined }),
  };
}

function idOf(number: number): Uint8Array {
  return sha256(Uint8Array.of(number)).slice(0, BLOB_ID_BYTES);
}

function costOf(
  name: string,
  { storedBytes, ...counts }: Omit<Cost, 'name' | 'overhead' | 'perMonth'> & { readonly storedBytes: number },
): Cost {
  const { puts, gets, scrubs } = counts;
  const monthly = MESSAGES_A_MONTH / MESSAGES;
  const keptGb = ((storedBytes * monthly) / 1e9) * (RETENTION_DAYS / 30);
  const operations = ((puts * prices.classA + (gets + scrubs) * prices.classB) * monthly) / 1e6;
  const perMonth = operations + keptGb * prices.bucketGb;
  return { name, ...counts, overhead: storedBytes / (payloadBytes * MESSAGES), perMonth };
}

function table(rows: readonly Cost[]): string {
  const lines = rows.map(({ name, puts, gets, scrubs, deletes, overhead, perMonth }) => {
    const figures = [puts, gets, scrubs, deletes].map((figure) => figure.toFixed(1).padStart(8));
    return `${name.padEnd(36)}${figures.join('')}${overhead.toFixed(2).padStart(8)}${`$${perMonth.toFixed(2)}`.padStart(10)}`;
  });
  const rowCost = (MESSAGES_A_MONTH / 1e6) * prices.rows;
  return [
    `${payloadBytes} bytes a payload, each read once when cold; operations for ${MESSAGES} messages`,
    `${''.padEnd(36)}${['puts', 'gets', 'scrubs', 'deletes'].map((head) => head.padStart(8)).join('')}${'stored'.padStart(8)}${'a month'.padStart(10)}`,
    ...lines,
    '',
    '`scrubs` are gets of the weekly rounds; `stored` is bytes kept for each byte of',
    'payload; `a month` is for a million messages a day at list prices. A row written',
    `for each payload would be $${rowCost.toFixed(0)} a month more: segments are one row each.`,
  ].join('\n');
}
