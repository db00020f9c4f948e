import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../cli/relay.ts';
import { Terminal, type Document, type Ended } from '../cli/terminal.ts';

const terminal = new Terminal();

beforeAll(async () => {
  await serve(terminal);
});
afterAll(() => terminal.close());

function drill(...damage: string[]): Promise<Ended> {
  return terminal.run('cluster', 'drill', ...damage, '--data', join(terminal.home, 'relay'), '--json');
}

function lastOf(out: string): Document {
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as Document;
}

describe('terachat cluster drill', () => {
  it('[CR1] [CR3] loses nothing with a node killed and another corrupted, has it repaired, and says so', async () => {
    const { code, out } = await drill('--kill', '1', '--corrupt', '1');
    expect(code).toBe(0);
    const report = lastOf(out);
    expect(Object.keys(report)).toEqual(['ok', 'blobs', 'bytes', 'lost', 'repaired']);
    expect(report).toMatchObject({ ok: true, lost: 0 });
    // Three attachments, and by now perhaps a segment; a shard of each at each of the two nodes.
    expect(report['blobs']).toBeGreaterThanOrEqual(3);
    expect(report['bytes']).toBeGreaterThanOrEqual(6_701_000);
    expect(report['repaired']).toBeGreaterThanOrEqual(6);
  });

  it('[SC11] says what is lost past the bound, ends with 1, and puts everything back', async () => {
    const { code, out, err } = await drill('--kill', '2', '--corrupt', '1');
    expect(code).toBe(1);
    expect(lastOf(out)).toMatchObject({ ok: false });
    expect(lastOf(out)['lost']).toBeGreaterThanOrEqual(3);
    expect((JSON.parse(err) as { error: Document }).error).toMatchObject({ code: 'past-bound' });
    const again = await drill('--kill', '0', '--corrupt', '2');
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(lastOf(again.out)).toMatchObject({ ok: true, lost: 0 });
  });
});
