import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { nodePlatform } from '../../sdk/node/index.ts';
import { platformOf } from '../../sdk/platform.ts';
import { Socket } from '../../sdk/socket.ts';

const live = new AbortController().signal;
let server: WebSocketServer;
let url: string;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

/** Both ends of one connection, with the WebSocket of the package and with the platform's own. */
const platforms = { ws: platformOf(nodePlatform()), own: platformOf({}) };
async function connected(platform = platforms.ws): Promise<{ socket: Socket; peer: WebSocket }> {
  const accepted = new Promise<WebSocket>((resolve) => server.once('connection', resolve));
  const socket = await Socket.open(url, platform, live);
  return { socket, peer: await accepted };
}

describe('a socket', () => {
  test.each(Object.entries(platforms))('carries binary frames in order both ways (%s)', async (_, platform) => {
    const { socket, peer } = await connected(platform);
    const received = new Promise((resolve) => peer.once('message', resolve));
    socket.send(Uint8Array.of(9));
    expect(await received).toEqual(Buffer.from([9]));
    for (let i = 0; i < 5; i++) peer.send(Uint8Array.of(i));
    for (let i = 0; i < 5; i++) expect(await socket.next(live)).toEqual(Uint8Array.of(i));
  });

  test('gives what came before the end, then how it ended', async () => {
    const { socket, peer } = await connected();
    peer.send(Uint8Array.of(1));
    peer.close(4403, 'actor-removed');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await socket.next(live)).toEqual(Uint8Array.of(1));
    await expect(socket.next(live)).rejects.toMatchObject({ code: 'unreachable', message: /4403 actor-removed/ });
    expect(() => socket.send(Uint8Array.of(1))).toThrow(/4403/);
  });

  test('a wait ends with the signal’s reason, and the socket lives on', async () => {
    const { socket, peer } = await connected();
    const abort = new AbortController();
    const waiting = socket.next(abort.signal);
    abort.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    peer.send(Uint8Array.of(3));
    expect(await socket.next(live)).toEqual(Uint8Array.of(3));
  });

  test('text where frames belong, and more than anyone reads, end it', async () => {
    const text = await connected();
    text.peer.send('hello');
    await expect(text.socket.next(live)).rejects.toMatchObject({ message: /text frame/ });
    const flood = await connected();
    const closed = new Promise((resolve) => flood.peer.once('close', resolve));
    for (let i = 0; i < 20; i++) flood.peer.send(new Uint8Array(500_000).fill(i));
    await closed;
    for (let i = 0; i < 16; i++) expect((await flood.socket.next(live))[0]).toBe(i);
    await expect(flood.socket.next(live)).rejects.toMatchObject({ message: /faster than they were read/ });
  });

  test('nobody there, and nobody patient, are told apart', async () => {
    await expect(Socket.open('ws://127.0.0.1:1', platforms.ws, live)).rejects.toMatchObject({ code: 'unreachable' });
    const abort = AbortSignal.abort(new Error('not now'));
    await expect(Socket.open(url, platforms.ws, abort)).rejects.toThrow('not now');
  });
});
