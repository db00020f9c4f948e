import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  attachmentOf,
  memoryStorage,
  RelayProblem,
  UntrustedError,
  type Attachment,
  type Fetch,
  type Group,
  type Session,
} from '../../sdk/index.ts';
import { soleInvitation, Stage } from './stage.ts';

let stage: Stage;
let alice: Session;
let bob: Session;
let hers: Group;
let his: Group;

/** What the way of both does to the next transfers. */
let disturb: ((url: string, init: RequestInit) => Promise<Response> | undefined) | undefined;
const asked: string[] = [];

const way: Fetch = (url, init) => {
  asked.push(
    `${init.method} ${new URL(url).pathname.split('/').at(-1)} ${new Headers(init.headers).get('range') ?? ''}`.trim(),
  );
  return disturb?.(url, init) ?? fetch(url, init);
};

beforeAll(async () => {
  stage = await Stage.set();
  alice = await stage.connect(memoryStorage(), stage.relay.url, { fetch: way });
  bob = await stage.connect(memoryStorage(), stage.relay.url, { fetch: way });
  for (const session of [alice, bob]) await session.createIdentity();
  hers = await alice.createGroup();
  await hers.invite(bob.identity!.actor);
  his = await (await soleInvitation(bob)).accept();
});

afterAll(() => stage.strike());

function someBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 22);
}

/** The newest that a group's messages brought. */
async function newest(group: Group): Promise<Attachment> {
  await group.catchUp();
  let found: Attachment | undefined;
  for await (const message of group.messages()) found = attachmentOf(message) ?? found;
  return found!;
}

/** The stream, until so many bytes of it are through. */
function cut(stream: ReadableStream<Uint8Array>, after: number): ReadableStream<Uint8Array> {
  let passed = 0;
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        passed += chunk.length;
        if (passed > after) controller.error(new Error('the line is cut'));
        else controller.enqueue(chunk);
      },
    }),
  );
}

describe('an attachment', { timeout: 120_000 }, () => {
  // More than one row at the nodes, so that there is something to go on from.
  const content = someBytes(9_000_000);

  test('[CL46] [CL47] goes to the group over a line that breaks, and comes from it over another', async () => {
    let cuts = 0;
    disturb = (url, init) => {
      if (init.method !== 'POST' || cuts++ > 0) return undefined;
      return fetch(url, { ...init, body: cut(init.body as ReadableStream<Uint8Array>, 8_900_000) });
    };
    const told: number[] = [];
    const onProgress = ({ bytes }: { bytes: number }): void => void told.push(bytes);
    const sent = await hers.blobs.put(new Blob([content]), {
      name: 'harbour.jpg',
      mediaType: 'image/jpeg',
      onProgress,
    });
    expect(sent.attachment).toMatchObject({ size: content.length, name: 'harbour.jpg', mediaType: 'image/jpeg' });
    expect(asked.filter((call) => call.startsWith('PATCH'))).toHaveLength(1);
    expect(told.at(-1)).toBeGreaterThan(content.length);

    disturb = (url, init) => {
      if (cuts++ !== 1 || !url.includes('/blobs/')) return undefined;
      return fetch(url, init).then((answer) => new Response(cut(answer.body!, 1_000_000), answer));
    };
    cuts = 1;
    const attachment = await newest(his);
    expect(attachment).toEqual(sent.attachment);
    cuts = 1;
    expect(Buffer.compare(await his.blobs.get(attachment), content)).toBe(0);
    expect(asked.filter((call) => / bytes=\d\d+-$/.test(call))).toHaveLength(1);
    disturb = undefined;
  });

  test('[CL46] is read after the relay was stopped, and not shown where a byte of it is another', async () => {
    await stage.restartRelay();
    const attachment = await newest(his);
    expect(Buffer.compare(await his.blobs.get(attachment), content)).toBe(0);
    disturb = (url, init) =>
      fetch(url, init).then(async (answer) => {
        const bytes = new Uint8Array(await answer.arrayBuffer());
        if (url.includes('/blobs/')) bytes[3_000_000]! ^= 1;
        return new Response(bytes, answer);
      });
    await expect(his.blobs.get(attachment)).rejects.toThrow(UntrustedError);
    disturb = undefined;
  });

  test.each([0, 1, 65_536, 65_537])('[CL46] of %i bytes is what it was', async (length) => {
    await hers.blobs.put(content.subarray(0, length));
    expect(Buffer.compare(await his.blobs.get(await newest(his)), content.subarray(0, length))).toBe(0);
  });

  test('is none in a group without encryption, nor above 100 MiB, and none for who was removed', async () => {
    const plain = await alice.createGroup({ membership: 'plain' });
    await expect(plain.blobs.put(content)).rejects.toMatchObject({ code: 'plain-group' });
    await expect(hers.blobs.put(new Uint8Array(104_857_601))).rejects.toThrow(RangeError);
    const attachment = await newest(his);
    await hers.remove(bob.identity!.actor);
    await expect(his.blobs.get(attachment)).rejects.toThrow(RelayProblem);
  });
});
