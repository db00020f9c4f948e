import {
  auditStateIntegrity,
  decodeTrusted,
  MAX_PAGE_ENTRIES,
  stateAnswer,
  toBase64Url,
  type AuditReport,
  type ChainId,
  type CheckJobs,
  type LoggedEntry,
} from '../../core/index.ts';
import type { HttpClient } from '../../sdk/http-client.ts';
import { RelayClient } from '../../sdk/relay-client.ts';

/** A chain as its relay gives it out, and proof that this is a log as it must be. */
export interface DownloadedLog {
  readonly entries: readonly LoggedEntry[];
  readonly report: AuditReport;
}

export interface LogSource {
  readonly http: HttpClient;
  readonly check: CheckJobs;
  /** How a question is asked whose answer may get lost. */
  readonly ask?: <T>(question: () => Promise<T>) => Promise<T>;
}

/** Downloads everything and audits it from entry 0: links, signatures, rules, tree, checkpoint and claimed state. */
export async function downloadLog(
  chain: ChainId,
  { http, check, ask = (question) => question() }: LogSource,
): Promise<DownloadedLog> {
  const relay = new RelayClient(http);
  const entries: LoggedEntry[] = [];
  let checkpoint = '';
  for (;;) {
    const range = { from: entries.length, limit: MAX_PAGE_ENTRIES };
    const page = await ask(() => relay.entries(chain, range));
    checkpoint = page.checkpoint;
    entries.push(...page.entries);
    if (entries.length >= Number(checkpoint.split('\n')[1])) break;
    if (page.entries.length === 0) throw new Error(`the relay gives ${entries.length} entries and signed for more`);
  }
  const state = await ask(() => http.signed('GET', `/v1/chains/${toBase64Url(chain)}/state`, {}));
  const subject = {
    chain,
    batches: [entries.map(({ entry }) => entry)],
    checkpoint: () => checkpoint,
    claimedDigest: decodeTrusted(stateAnswer, state).digest,
  };
  const report = await auditStateIntegrity(subject, check);
  if (!report.ok) throw new Error(`the log does not verify: ${JSON.stringify(report.error)}`);
  return { entries, report: report.value };
}
