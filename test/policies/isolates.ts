import { request } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import { meterModule, runPolicy, sha256, toBase64, type PolicyOutcome } from '../../core/index.ts';
import { compileMetered, inputsOf, ROUND_FUEL, verified } from '../core/policy/policy-rounds.ts';
import { randomModule } from '../core/policy/random-modules.ts';
import type { IsolateQuestion } from './isolate-question.ts';

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

/** A module with batches of records for it, each with its own fuel. */
export interface Round {
  readonly module: Uint8Array;
  readonly batches: readonly {
    readonly state: Uint8Array;
    readonly events: readonly Uint8Array[];
    readonly fuel: number;
  }[];
}

/** Module number `seed`: with enough fuel, and with so little that it may end anywhere. */
export function randomRound(seed: number): Round {
  const { state, event } = inputsOf(seed);
  const fuels = [ROUND_FUEL, 40 + (seed % 97) * 9];
  return { module: randomModule(seed), batches: fuels.map((fuel) => ({ state, events: [event, state], fuel })) };
}

export function questionOf({ module, batches }: Round): IsolateQuestion {
  return {
    hash: toBase64(sha256(module)),
    metered: toBase64(meterModule(verified(module))),
    batches: batches.map(({ state, events, fuel }) => ({ state: toBase64(state), events: events.map(toBase64), fuel })),
  };
}

/** What this Node makes of it, in the form in which the isolates answer. */
export function answerHere({ module, batches }: Round): unknown {
  const instantiate = compileMetered(module);
  return batches.map(({ state, events, fuel }) => {
    let current = state;
    return events.map((event) => {
      const outcome: PolicyOutcome = runPolicy(instantiate, { state: current, event, fuel });
      if (outcome.kind !== 'accepted') return outcome;
      current = outcome.state;
      return { ...outcome, state: toBase64(outcome.state) };
    });
  });
}
