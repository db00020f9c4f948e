import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeLogCopy, parseLogCopy, type LogCopy } from '../../core/index.ts';
import { serve } from './relay.ts';
import { Terminal, type Document } from './terminal.ts';

const ENTRIES = 6;

let terminal: Terminal;
let saved: string;
let report: Document;
let copy: LogCopy;

/** A log of six entries, saved, and no relay any more. */
beforeAll(async () => {
  terminal = new Terminal();
  const relay = await serve(terminal);
  await terminal.ask('init', '--relay', relay.url);
  await terminal.ask('group', 'create', 'friends');
  for (let sent = 2; sent < ENTRIES; sent++) await terminal.ask('send', 'friends', `message ${sent}`);
  saved = join(terminal.home, 'friends.log');
  report = await terminal.ask('audit', 'friends', '--save', saved);
  relay.interrupt();
  await relay.ended;
  const parsed = parseLogCopy(new Uint8Array(readFileSync(saved)));
  if (!parsed.ok) throw new Error('the saved log does not parse');
  copy = parsed.value;
}, 120_000);

afterAll(() => terminal.close());

async function auditOf(change: Partial<LogCopy>): Promise<Document> {
  const path = join(terminal.home, 'changed.log');
  writeFileSync(path, encodeLogCopy({ ...copy, ...change }));
  return terminal.refusal('audit', '--file', path);
}

function withByteChanged(place: number, at: (entry: Uint8Array) => number): Uint8Array[] {
  const entries = copy.entries.map((entry) => entry.slice());
  const entry = entries[place]!;
  entry[at(entry)]! ^= 1;
  return entries;
}

describe('terachat audit', { timeout: 120_000 }, () => {
  it('[AU4, AU5] verifies a saved log without its relay, to the same root and state', async () => {
    const chain = expect.stringMatching(/^[\w-]{43}$/) as string;
    expect(report).toMatchObject({ ok: true, size: ENTRIES, chain, lacks: [] });
    expect(statSync(saved).mode & 0o777).toBe(0o600);
    expect(await terminal.ask('audit', '--file', saved)).toEqual(report);
    const { code, out } = await terminal.here('audit', '--file', saved);
    expect(code).toBe(0);
    for (const fact of ['chain', 'root', 'stateDigest']) expect(out).toContain(String(report[fact]));
    expect(await terminal.refusal('audit', 'friends')).toMatchObject({ exit: 4, code: 'unreachable' });
  });

  it('[AU2] names the first entry that is not what was signed, and ends with 3', async () => {
    const unsigned = await auditOf({ entries: withByteChanged(4, (entry) => entry.length - 1) });
    expect(unsigned).toMatchObject({ exit: 3, code: 'bad-signature' });
    expect(unsigned['message']).toMatch(/^entry 4: /);
    // prev stands behind the index.
    const unlinked = await auditOf({ entries: withByteChanged(3, () => 8) });
    expect(unlinked).toMatchObject({ exit: 3, code: 'broken-link' });
    expect(unlinked['message']).toMatch(/^entry 3: /);
    const missing = await auditOf({ entries: copy.entries.toSpliced(2, 1) });
    expect(missing['message']).toMatch(/^entry 2: wrong-index/);
    const { code, err } = await terminal.here('audit', '--file', join(terminal.home, 'changed.log'));
    expect(code).toBe(3);
    expect(err).toContain('terachat: entry 2: wrong-index');
  });

  it('[AU4] finds entries cut off, a checkpoint changed, and a file that is no log', async () => {
    expect(await auditOf({ entries: copy.entries.slice(0, -1) })).toMatchObject({ exit: 3, code: 'root-mismatch' });
    const checkpoint = copy.checkpoint.replace(`\n${ENTRIES}\n`, `\n${ENTRIES - 1}\n`);
    expect(await auditOf({ checkpoint })).toMatchObject({ exit: 3, code: 'note-signature-invalid' });
    const path = join(terminal.home, 'no.log');
    writeFileSync(path, 'not a log');
    expect(await terminal.refusal('audit', '--file', path)).toMatchObject({ exit: 3, code: 'malformed-log' });
  });
});
