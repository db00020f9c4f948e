import { describe, expect, test } from 'vitest';
import { fromBase64Url, parseChainId, problemOf, problems, type ProblemCode } from '../../core/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { AttachmentTransfer } from '../../sdk/attachment/attachment-transfer.ts';
import { SealedSource } from '../../sdk/attachment/sealed-source.ts';
import { platformOf, type Fetch } from '../../sdk/platform.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { RelayClient } from '../../sdk/relay-client.ts';

const chain = parseChainId(fromBase64Url('E54fxNdZcX4_H2fTvIO5eV5b4a6KiESaF19EUHd2OIE'))!;
const LONGEST_PAUSE_MS = 15_000;
const content = new Uint8Array(300_000).fill(7);

/** A transfer over a network that is given, without its pauses; the pauses are noted. */
async function begin(fetch: Fetch) {
  const pauses: number[] = [];
  const told: number[] = [];
  // A watch waits longer than any pause, and here nothing stalls.
  const delay = (ms: number): Promise<void> =>
    ms > LONGEST_PAUSE_MS ? new Promise<void>(() => undefined) : Promise.resolve(void pauses.push(ms));
  const platform = platformOf({ fetch, delay });
  const http = new HttpClient('https://relay.example', platform);
  http.signAs(actorSigner(new Uint8Array(32)));
  const transfer = new AttachmentTransfer(new RelayClient(http), platform, chain);
  const source = new SealedSource(content, new Uint8Array(16));
  const options = { signal: undefined, onBytes: (bytes: number) => void told.push(bytes) };
  const hash = await source.hash(0, undefined);
  return { pauses, told, upload: () => transfer.upload(source, hash, options) };
}

const refusing =
  (code: ProblemCode): Fetch =>
  async () =>
    new Response(JSON.stringify(problemOf({ code })), {
      status: problems[code].status,
      headers: { 'content-type': 'application/problem+json' },
    });

describe('a transfer', () => {
  test.each([
    ['that nobody answers is tried ten times, for the most of a minute', 'unreachable', 9, 30_000],
    ['that is refused for now is tried six times', 'unavailable', 5, 3_000],
  ] as const)('[CL47] %s', async (_, code, pauses, atLeastMs) => {
    const network = code === 'unavailable' ? refusing(code) : () => Promise.reject(new TypeError('fetch failed'));
    const { pauses: taken, upload } = await begin(network);
    await expect(upload()).rejects.toMatchObject({ code });
    expect(taken).toHaveLength(pauses);
    expect(taken.reduce((sum, ms) => sum + ms)).toBeGreaterThan(atLeastMs);
  });

  test('[CL47] that broke off makes no more bytes for its request, and counts none', async () => {
    let dead: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const { told, upload } = await begin(async (_url, init) => {
      if (dead !== undefined) return new Response(null, { status: 201 });
      dead = (init.body as ReadableStream<Uint8Array>).getReader();
      await dead.read();
      throw new TypeError('fetch failed');
    });
    await upload();
    const before = told.length;
    // As a fetch of Node's does after it has failed.
    await expect(dead?.read()).rejects.toThrow();
    expect(told).toHaveLength(before);
  });
});
