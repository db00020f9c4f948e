import { describe, expect, test } from 'vitest';
import { checkClusterStatus } from '../../../cli/cluster/cluster-checks.ts';
import { readStatus } from '../../../cli/cluster/read-status.ts';
import { viewStatus } from '../../../cli/cluster/status-view.ts';
import { clusterStatus } from './cluster-status.ts';

const now = clusterStatus();
const { chainsSilent: _, silent: __, ...scrubOfOld } = now.scrub;

describe('what a relay says of its cluster', () => {
  test('[CR10] is read whole, with what a newer relay adds', () => {
    const newer = { ...now, added: 1 };
    expect(readStatus(JSON.stringify(newer))).toEqual(newer);
  });

  test('[CR14] of an older relay that does not know of silent chains, counts and checks none', () => {
    const status = readStatus(JSON.stringify({ ...now, scrub: scrubOfOld }));
    expect(status).toEqual(now);
    expect(viewStatus(status)).toContain('round 5 ended');
    expect(checkClusterStatus(status).map(({ status: is }) => is)).toEqual(['ok', 'ok', 'ok']);
  });

  test.each([
    ['no JSON', '<html>'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an object of something else', '{"ok":true}'],
    ['one without its nodes', JSON.stringify({ ...now, nodes: undefined })],
    ['one whose nodes are none', JSON.stringify({ ...now, nodes: ['node-0'] })],
    ['a node without a health', JSON.stringify({ ...now, nodes: [{ ...now.nodes[0], health: undefined }] })],
    ['counts in words', JSON.stringify({ ...now, backlog: 'none' })],
    ['a blank margin', JSON.stringify({ ...now, blobs: { ...now.blobs, margin: undefined } })],
    ['silent chains without names', JSON.stringify({ ...now, scrub: { ...now.scrub, silent: [7] } })],
  ])('%s is refused as malformed, which is no fault of the program', (_what, text) => {
    const refused = expect.objectContaining({ exit: 'unverified', code: 'malformed-answer' }) as Error;
    expect(() => readStatus(text)).toThrow(refused);
  });
});
