import {
  decode,
  encodePolicyRecord,
  entryCodec,
  equalBytes,
  eventTbs,
  policyRecorded,
  sha256,
  toBase64Url,
  toHex,
  type VerifiedModule,
} from '../../core/index.ts';
import { LocalPolicyExecutor } from '../../sdk/index.ts';
import { Failure } from '../failure.ts';
import { readLogCopy, subjectOf, verifyLog } from '../log-audit.ts';
import type { RecordFile } from './record-file.ts';
import type { TestRecord } from './replay.ts';

/** Enough of a key to tell actors of one chain apart. */
const SHORT_LENGTH = 8;

/**
 * The records of a chain from its saved log, which is verified first, policies included: `modules` are those that may have decided
 * there. What the log took was accepted, so that is expected of whatever module it is tried with.
 */
export async function readLogRecords(file: string, modules: readonly VerifiedModule[]): Promise<RecordFile> {
  const copy = await readLogCopy(file);
  const executor = new LocalPolicyExecutor((hash) => findModule(modules, hash));
  await verifyLog({ ...subjectOf(copy), executor });
  const labels = new Map<string, string>();
  const records = copy.entries.flatMap((entry, index) => recordIn(entry, index, labels));
  if (records.length > 0) return { records, labels };
  throw new Failure('failed', 'no-records', `No policy decided over anything in ${file}.`);
}

function findModule(modules: readonly VerifiedModule[], hash: Uint8Array): Promise<Uint8Array> {
  const found = modules.find(({ bytes }) => equalBytes(sha256(bytes), hash));
  if (found !== undefined) return Promise.resolve(found.bytes);
  const message = `The policy of this chain is the module ${toBase64Url(hash)}.`;
  return Promise.reject(new Failure('failed', 'module-missing', message, '--with FILE has it verify the log.'));
}

function recordIn(bytes: Uint8Array, index: number, labels: Map<string, string>): readonly TestRecord[] {
  const entry = decode(entryCodec, bytes);
  const event = entry.ok ? decode(eventTbs, entry.value.event) : entry;
  if (!entry.ok || !event.ok) throw new Error('a verified log has entries');
  const { actor, type, body } = event.value;
  if (type !== policyRecorded.type) return [];
  const content = policyRecorded.decodeBody(body);
  if (!content.ok) throw new Error('a verified log has records');
  const who = toBase64Url(actor);
  labels.set(toHex(actor), `key of ${who.slice(0, SHORT_LENGTH)}`);
  const { relayTime } = entry.value;
  const record = encodePolicyRecord({ actor, type, body: content.value.content }, relayTime);
  return [{ who: who.slice(0, SHORT_LENGTH), relayTime, event: record, expected: 'accepted', note: `entry ${index}` }];
}
