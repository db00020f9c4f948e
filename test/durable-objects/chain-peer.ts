import { chainDownFrame, chainUpFrame, type ChainDownFrame, type ChainUpFrame } from '../../core/index.ts';
import { SocketPeer } from './socket-peer.ts';

/** A client of a chain's stream. */
export class ChainPeer extends SocketPeer<ChainUpFrame, ChainDownFrame> {
  constructor(socket: WebSocket) {
    super(socket, chainUpFrame, chainDownFrame);
  }

  entries(): readonly Uint8Array[] {
    return this.frames.flatMap((frame) =>
      frame.kind === 'entries' ? frame.value.entries.map(({ entry }) => entry) : [],
    );
  }

  checkpoint(): string {
    const page = this.frames.findLast((frame) => frame.kind === 'entries');
    return page?.kind === 'entries' ? page.value.checkpoint : '';
  }

  async untilSize(size: number): Promise<void> {
    await this.until(() => this.entries().length >= size);
  }
}
