import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildWorker, bundledFiles } from '../../workers/local.ts';

export interface BundleReport {
  readonly bytes: number;
  readonly gzipBytes: number;
  readonly limitBytes: number;
  readonly fault: string | undefined;
}

/** Compressed size of a worker on the platform's free plan; paid ones may have 10 MiB. */
const LIMIT_BYTES = 3 * 1024 * 1024;

/** Has the real wrangler make the bundle, without any network, and measures what it would upload. */
export async function checkBundle(config: string, entry?: string): Promise<BundleReport> {
  const folder = mkdtempSync(join(tmpdir(), 'terachat-deploy-'));
  try {
    const contents = bundledFiles(await buildWorker({ config, folder, entry })).map((path) => readFileSync(path));
    const bytes = contents.reduce((sum, { length }) => sum + length, 0);
    const gzipBytes = contents.reduce((sum, content) => sum + gzipSync(content).length, 0);
    const fault = gzipBytes <= LIMIT_BYTES ? undefined : 'The bundle is too large for the platform.';
    return { bytes, gzipBytes, limitBytes: LIMIT_BYTES, fault };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
