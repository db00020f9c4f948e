import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../cli/cli.ts';
import { assemble, HERE, policy, policyWith, type Code } from '../core/policy/assembler.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'terachat-module-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function verify(code: Code, ...options: string[]): Promise<{ exit: number; out: string; err: string }> {
  const file = join(folder, 'policy.wasm');
  writeFileSync(file, assemble(code).bytes);
  const written = { out: '', err: '' };
  const spies = (['out', 'err'] as const).map((name) =>
    vi.spyOn(process[`std${name}`], 'write').mockImplementation((text) => Boolean((written[name] += String(text)))),
  );
  try {
    return { exit: await runCli(['node', 'terachat', 'module', 'verify', file, '--static', ...options]), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe('terachat module verify --static', () => {
  it('[PM1] says of a policy that it is one', async () => {
    expect(await verify(policy({}), '--json')).toEqual({
      exit: 0,
      out: '{"ok":true,"rule":null,"offset":null}\n',
      err: '',
    });
    const { exit, out } = await verify(policy({}));
    expect([exit, out]).toEqual([0, expect.stringContaining('is a policy module')]);
  });

  it('[PM6] prints the rule and the byte of another, and ends with 1', async () => {
    const hostile = policyWith([HERE, 0x43, 0, 0, 0, 0, 0x1a]);
    const { here } = assemble(hostile);
    const out = `{"ok":false,"rule":"opcode-float","offset":${here}}\n`;
    expect(await verify(hostile, '--json')).toEqual({ exit: 1, out, err: '' });
    const { exit, err } = await verify(hostile);
    expect(exit).toBe(1);
    expect(err).toContain(`At byte ${here}: an instruction on floating-point numbers (opcode-float).`);
  });

  it('[PM9] reads no more of a large file than shows that it is none', async () => {
    const out = '{"ok":false,"rule":"module-size","offset":524288}\n';
    expect(await verify([policy({}), Array.from({ length: 600_000 }, () => 0)], '--json')).toEqual({
      exit: 1,
      out,
      err: '',
    });
  });
});
