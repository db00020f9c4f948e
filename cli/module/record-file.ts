import { readFile, stat } from 'node:fs/promises';
import { encodePolicyRecord, policyRecorded, toHex } from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { BodyFault, keyOf, parseBody, parseTime, type Label } from './record-body.ts';
import type { TestRecord } from './replay.ts';

const MAX_FILE_BYTES = 16_777_216;
const MAX_RECORDS = 100_000;
/** When records are taken that say nothing else: one a second. */
const FIRST_MS = Date.UTC(2026, 0, 1);
const STEP_MS = 1_000;
const DEFAULT_TYPE = policyRecorded.type;
const MAX_TYPE = 0xffff;
const VERDICT = /^(accepted|rejected \d+|stopped (fuel|depth|trap|output))$/;
const MEMBERS = ['actor', 'body', 'at', 'type', 'verdict', 'note'];

type Line = Readonly<Record<string, unknown>>;

/** Records of a file, and what the keys and hashes in them are called there, by their bytes as hex. */
export interface RecordFile {
  readonly records: readonly TestRecord[];
  readonly labels: ReadonlyMap<string, string>;
}

/** Reads a file with one JSON object a line: `actor`, `body`, and if it likes `at`, `type`, `verdict` and `note`. */
export async function readRecordFile(file: string): Promise<RecordFile> {
  if ((await stat(file)).size > MAX_FILE_BYTES) throw malformed(file, 'it has more than 16 MiB');
  const lines = (await readFile(file, 'utf8')).split('\n');
  const labels = new Map<string, string>();
  const label: Label = (name, bytes) => {
    labels.set(toHex(bytes), name);
    return bytes;
  };
  const records: TestRecord[] = [];
  for (const [i, text] of lines.entries()) {
    if (text.trim() === '') continue;
    try {
      records.push(parseRecord(text, (records.at(-1)?.relayTime ?? FIRST_MS - STEP_MS) + STEP_MS, label));
    } catch (cause) {
      if (cause instanceof BodyFault) throw malformed(`${file}, line ${i + 1}`, cause.message);
      throw cause;
    }
    if (records.length > MAX_RECORDS) throw malformed(file, `it has more than ${MAX_RECORDS} records`);
  }
  if (records.length === 0) throw malformed(file, 'there is no record in it');
  return { records, labels };
}

function parseRecord(text: string, next: number, label: Label): TestRecord {
  const line = parseLine(text);
  const unknown = Object.keys(line).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw new BodyFault(`nothing is known of '${unknown}': ${MEMBERS.join(', ')} are`);
  const who = textOf(line, 'actor') ?? missing('actor');
  const body = parseBody(textOf(line, 'body') ?? missing('body'), label);
  const at = textOf(line, 'at');
  const relayTime = at === undefined ? next : parseTime(at);
  return {
    who,
    relayTime,
    event: encodePolicyRecord({ actor: label(`key of ${who}`, keyOf(who)), type: typeOf(line), body }, relayTime),
    expected: verdictOf(line),
    note: textOf(line, 'note') ?? '',
  };
}

function parseLine(text: string): Line {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Line;
  } catch {
    // Said below, as of everything else that is no object.
  }
  throw new BodyFault('this is no JSON object');
}

function textOf(line: Line, name: string): string | undefined {
  const value = line[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new BodyFault(`'${name}' is no text`);
}

function typeOf({ type = DEFAULT_TYPE }: Line): number {
  if (typeof type === 'number' && Number.isInteger(type) && type >= 0 && type <= MAX_TYPE) return type;
  throw new BodyFault(`'type' is no number up to ${MAX_TYPE}`);
}

function verdictOf(line: Line): string | undefined {
  const verdict = textOf(line, 'verdict');
  if (verdict === undefined || VERDICT.test(verdict)) return verdict;
  throw new BodyFault(`'${verdict}' is no verdict: accepted, rejected CODE, or stopped fuel, depth, trap or output`);
}

function missing(name: string): never {
  throw new BodyFault(`'${name}' is not there`);
}

function malformed(place: string, fault: string): Failure {
  return new Failure('usage', 'malformed-records', `${place}: ${fault}.`);
}
