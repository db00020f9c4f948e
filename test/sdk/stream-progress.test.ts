import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import {
  chainDownFrame,
  chainUpFrame,
  decodeTrusted,
  encode,
  mailboxDownFrame,
  mailboxUpFrame,
  parseActorKey,
  publicKeyOf,
  type ActorKey,
} from '../../core/index.ts';
import { ChainFollower } from '../../sdk/chain/chain-follower.ts';
import { ChainStream } from '../../sdk/chain/chain-stream.ts';
import { memoryStorage, type Storage } from '../../sdk/index.ts';
import { Mailbox } from '../../sdk/mailbox.ts';
import { streamMailbox } from '../../sdk/mailbox-stream.ts';
import { nodePlatform } from '../../sdk/node/index.ts';
import { platformOf } from '../../sdk/platform.ts';
import type { RelayClient } from '../../sdk/relay-client.ts';
import { actorSeed, TestLog } from './chain/test-log.ts';
import { contextOf, serve } from './chain/test-server.ts';

const alice = actorSeed('alice');
const device = parseActorKey(publicKeyOf(alice)) as ActorKey;
const mark = new Uint8Array(8).fill(7);
const platform = platformOf(nodePlatform());

let relay: WebSocketServer;
let tickets: Pick<RelayClient, 'chainTicket' | 'chainSocketUrl' | 'mailboxTicket' | 'mailboxSocketUrl'>;
/** What came about, in its order. */
let happened: string[];

beforeEach(async () => {
  happened = [];
  relay = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => relay.once('listening', resolve));
  const url = `ws://127.0.0.1:${(relay.address() as AddressInfo).port}`;
  const ticket = async () => ({ ticket: new Uint8Array(32), expiresAt: Date.now() + 30_000, share: 0 });
  tickets = { chainTicket: ticket, chainSocketUrl: () => url, mailboxTicket: ticket, mailboxSocketUrl: () => url };
});

afterEach(() => {
  for (const client of relay.clients) client.terminate();
  relay.close();
});

/** Storing takes long enough for a report that does not wait for it to come first. */
function slowStorage(): Storage {
  const storage = memoryStorage();
  const commit = storage.commit.bind(storage);
  storage.commit = async (writes) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await commit(writes);
    happened.push('stored');
  };
  return storage;
}

/** The relay's end of the next connection, which sends the frames once it is opened. */
function relaySends(frames: readonly Uint8Array[], kindOf: (frame: Uint8Array) => string): Promise<void> {
  return new Promise((resolve) =>
    relay.once('connection', (peer: WebSocket) => {
      peer.once('message', () => {
        for (const frame of frames) peer.send(frame);
        peer.on('message', (data: Buffer) => {
          happened.push(kindOf(data));
          if (kindOf(data) === 'progress') resolve();
        });
      });
    }),
  );
}

describe('a client of a stream', () => {
  test('[SK8] reports a chain’s mark when all that came before it is verified and stored', async () => {
    const log = TestLog.found(alice);
    log.say(alice, 'one');
    const { client } = serve(log);
    const follower = new ChainFollower(contextOf(client, slowStorage()), log.chain);
    const frames = [
      encode(chainDownFrame, { kind: 'entries', value: log.page(0) }),
      encode(chainDownFrame, { kind: 'mark', value: { mark } }),
    ];
    const reported = relaySends(frames, (frame) => decodeTrusted(chainUpFrame, frame).kind);
    const stop = new AbortController();
    const stream = await ChainStream.open({ client: Object.assign(client, tickets), platform }, follower, stop.signal);
    const ended = stream.run(stop.signal).catch(() => undefined);
    await reported;
    expect(happened).toEqual(['stored', 'progress']);
    stop.abort();
    await ended;
  });

  test('[SK8] reports a mailbox’s mark when what came before it is stored', async () => {
    const item = {
      sequence: 1,
      kind: 'poke',
      chain: alice,
      index: 3,
      receivedAt: 5,
      content: new Uint8Array(0),
    } as const;
    const page = { items: [item], next: 2, stock: { suites: [] }, setAside: 0 };
    const frames = [
      encode(mailboxDownFrame, { kind: 'items', value: page }),
      encode(mailboxDownFrame, { kind: 'mark', value: { mark } }),
    ];
    const reported = relaySends(frames, (frame) => decodeTrusted(mailboxUpFrame, frame).kind);
    const client = tickets as RelayClient;
    const mailbox = new Mailbox({ client, storage: slowStorage() }, device);
    const stop = new AbortController();
    const listening = { signal: stop.signal, onPage: () => undefined };
    const ended = streamMailbox(mailbox, { client, platform, device }, listening).catch(() => undefined);
    await reported;
    expect(happened).toEqual(['stored', 'ack', 'progress']);
    stop.abort();
    await ended;
  });
});
