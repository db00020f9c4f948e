import { describe, expect, test } from 'vitest';
import { MEDIA_TYPE, problemOf } from '../../core/index.ts';
import { NetworkError, RelayProblem, UsageError } from '../../sdk/index.ts';
import { actorSigner } from '../../sdk/actor-signer.ts';
import { HttpClient } from '../../sdk/http-client.ts';
import { platformOf, type Fetch } from '../../sdk/platform.ts';

function clientOf(fetch: Fetch): HttpClient {
  return new HttpClient('https://relay.example', platformOf({ fetch }));
}

const answering =
  (body: string | ReadableStream<Uint8Array>, init: ResponseInit): Fetch =>
  async () =>
    new Response(body, init);
const get = (client: HttpClient, signal?: AbortSignal): Promise<Uint8Array> =>
  client.unsigned('GET', '/v1/x', { signal });
const problemType = { 'content-type': 'application/problem+json' };

describe('requests to a relay', () => {
  test('a problem becomes an error with its code, status, details and what to do next', async () => {
    const problem = JSON.stringify(problemOf({ code: 'clock-skew', ...{ relayTime: 7 } }));
    const error = await get(clientOf(answering(problem, { status: 409, headers: problemType }))).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(RelayProblem);
    expect(error).toMatchObject({ code: 'clock-skew', status: 409, details: { relayTime: '7' } });
    expect((error as RelayProblem).hint).toContain('set the clock');
  });

  test.each([
    ['an unknown code', '{"code":"made-up"}', 409, problemType, 'not-a-relay'],
    ['a code that every object has', '{"code":"toString"}', 409, problemType, 'not-a-relay'],
    ['a page of something else', '<html>', 404, {}, 'not-a-relay'],
    ['a redirect', '', 302, { location: 'https://elsewhere.example' }, 'not-a-relay'],
    ['a gateway that reaches nothing', 'bad gateway', 502, {}, 'unreachable'],
    ['a problem that is no JSON', '{', 503, problemType, 'unreachable'],
  ] as const)('%s is no answer of a relay', async (_, body, status, headers, code) => {
    const client = clientOf(answering(body, { status, headers }));
    await expect(get(client)).rejects.toMatchObject({ name: 'NetworkError', code });
  });

  test('a connection that fails is unreachable, with the cause', async () => {
    const cause = new TypeError('fetch failed');
    const error = await get(clientOf(() => Promise.reject(cause))).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'unreachable', cause });
  });

  test.each([
    ['a device that slept', 90_000, 2],
    ['a clock that is wrong', 0, 1],
  ])('[RQ3] %s: a request that is refused as too old is signed anew only if it is', async (_, sleptMs, requests) => {
    const expired = JSON.stringify(problemOf({ code: 'signature-expired' }));
    const seen: (string | null)[] = [];
    let now = 1_800_000_000_000;
    const fetch: Fetch = async (__, { headers }) => {
      seen.push(new Headers(headers).get('signature'));
      if (seen.length === 1) now += sleptMs;
      return seen.length === 1 ? new Response(expired, { status: 401, headers: problemType }) : new Response('there');
    };
    const client = new HttpClient('https://relay.example', platformOf({ fetch, now: () => now }));
    client.signAs(actorSigner(new Uint8Array(32).fill(7)));
    const outcome = await client.signed('GET', '/v1/x', {}).then(
      () => 'there',
      (error: unknown) => (error as RelayProblem).code,
    );
    expect(outcome).toBe(requests === 2 ? 'there' : 'signature-expired');
    expect(new Set(seen).size).toBe(requests);
  });

  test('the caller’s signal ends it with the caller’s reason', async () => {
    const hanging: Fetch = (_, { signal }) =>
      new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
    const abort = new AbortController();
    const request = get(clientOf(hanging), abort.signal);
    abort.abort(new Error('enough'));
    await expect(request).rejects.toThrow('enough');
  });

  test('an answer without end is not read to its end', async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 1_000_000;
        controller.enqueue(new Uint8Array(1_000_000));
      },
    });
    const client = clientOf(answering(endless, { headers: { 'content-type': MEDIA_TYPE } }));
    await expect(get(client)).rejects.toMatchObject({ code: 'malformed-answer' });
    expect(sent).toBeLessThan(20_000_000);
  });

  test('a signed request without an identity says so, and other addresses than http are refused', async () => {
    const client = clientOf(answering('', {}));
    await expect(client.signed('GET', '/v1/x', {})).rejects.toBeInstanceOf(UsageError);
    expect(() => new HttpClient('ftp://relay.example', platformOf({}))).toThrow(TypeError);
  });
});
