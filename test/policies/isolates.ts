import { request } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { sha256, toBase64 } from '../../core/index.ts';
import type { IsolateQuestion, RoundText } from './round-text.ts';
import { textOf, type Round } from './rounds.ts';

/** A workerd with a loader, and nothing of a relay. */
export async function startIsolates(): Promise<{
  ask(questions: readonly IsolateQuestion[]): Promise<unknown[]>;
  stop(): Promise<void>;
}> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'isolates.workerd.ts')],
    bundle: true,
    format: 'esm',
    write: false,
    external: ['cloudflare:workers'],
  });
  const options = convertV4MiniflareOptions({
    name: 'isolates',
    compatibilityDate: '2026-10-23',
    modules: true,
    script: outputFiles[0]?.text ?? '',
    workerLoaders: { LOADER: {} },
    host: '127.0.0.1',
    port: 0,
    cf: false,
    handleStructuredLogs: () => undefined,
  });
  const miniflare = new Miniflare(options);
  const url = await miniflare.ready;
  return {
    ask: async (questions) => JSON.parse(await post(url, JSON.stringify(questions))) as unknown[],
    stop: () => miniflare.dispose(),
  };
}

/** With a connection of its own: one that was kept may be closed while the test calculates. */
function post(url: URL, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    sent.on('error', reject).end(body);
  });
}

export function questionOf(round: Round): IsolateQuestion & RoundText {
  return { ...textOf(round), hash: toBase64(sha256(round.module)) };
}
