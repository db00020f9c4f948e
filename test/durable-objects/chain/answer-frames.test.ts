import { describe, expect, it } from 'vitest';
import { chainDownFrame, decodeTrusted, type AppendAnswer, type ChainDownFrame } from '../../../core/index.ts';
import { AnswerFrames } from '../../../durable-objects/chain/answer-frames.ts';

type Appended = Extract<ChainDownFrame, { kind: 'appended' }>['value'];

const receipt = (index: number) =>
  ({ kind: 'accepted', value: { index, relayTime: 1, prev: new Uint8Array(32) } }) as const;
const answerOf = (checkpoint: string, ...indexes: number[]): AppendAnswer => ({
  outcomes: indexes.map(receipt),
  checkpoint,
});

function recorder() {
  const sent: [string, Appended][] = [];
  const frames = new AnswerFrames<string>((socket, bytes) => {
    const frame = decodeTrusted(chainDownFrame, bytes);
    if (frame.kind === 'appended') sent.push([socket, frame.value]);
  });
  const shape = () =>
    sent.map(([socket, { answers, checkpoint }]) => [socket, checkpoint, answers.map(({ request }) => request)]);
  return { frames, sent, shape };
}

describe('the answers to appends', () => {
  it('[SK2] share a frame where they leave in one turn, to one socket and under one checkpoint', async () => {
    const { frames, shape } = recorder();
    frames.add('a', 1, answerOf('c1', 0));
    frames.add('b', 1, answerOf('c1', 1));
    frames.add('a', 2, answerOf('c1', 2, 3));
    frames.add('a', 3, answerOf('c2', 4));
    expect(shape()).toEqual([]);
    await Promise.resolve();
    expect(shape()).toEqual([
      ['a', 'c1', [1, 2]],
      ['a', 'c2', [3]],
      ['b', 'c1', [1]],
    ]);
    frames.add('a', 4, answerOf('c2', 5));
    await Promise.resolve();
    expect(shape().slice(3)).toEqual([['a', 'c2', [4]]]);
  });

  it('[SK2] take as many frames as a frame’s bound asks for', async () => {
    const { frames, sent } = recorder();
    const batch = Array.from({ length: 100 }, (_, i) => i);
    for (let request = 1; request <= 5; request++) frames.add('a', request, answerOf('c', ...batch));
    await Promise.resolve();
    expect(sent.map(([, { answers }]) => answers.map(({ request }) => request))).toEqual([[1, 2], [3, 4], [5]]);
  });
});
