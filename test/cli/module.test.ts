import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assemble, HERE, policy, policyWith, type Code } from '../core/policy/assembler.ts';
import { runHere, type Said } from './run-cli.ts';

// The compiler is a process of its own, and the machine may be busy.
const SAMPLES = join(import.meta.dirname, '../../policies');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'terachat-module-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A file of the test's own folder. */
function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

const verify = (code: Code, ...options: string[]): Promise<Said> =>
  runHere('module', 'verify', write('policy.wasm', assemble(code).bytes), '--static', ...options);

const documentOf = ({ out }: Said): unknown => JSON.parse(out);

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

describe('terachat module new, build and test', () => {
  it('begin with a sample, compile it to the bytes of the sample, and give its verdicts', async () => {
    const project = join(folder, 'approval');
    expect(await runHere('module', 'new', project, '--template', 'approval')).toMatchObject({ exit: 0 });
    const built = await runHere('module', 'build', project, '--json');
    expect(built).toMatchObject({ exit: 0, err: '' });
    expect(documentOf(built)).toMatchObject({ ok: true, pages: 32, file: join(project, 'approval.wasm') });
    expect(readFileSync(join(project, 'approval.wasm'))).toEqual(readFileSync(join(SAMPLES, 'approval.wasm')));
    const tested = await runHere('module', 'test', project, '--json');
    expect(tested.exit).toBe(0);
    const { mostFuel } = documentOf(built) as { mostFuel: number };
    expect(documentOf(tested)).toMatchObject({ ok: true, mostFuel });
  });

  it('write over nothing, and take no name that no module could have', async () => {
    expect(await runHere('module', 'new', join(folder, 'No Module'))).toMatchObject({ exit: 2 });
    const again = await runHere('module', 'new', join(folder, 'policies'), '--json');
    expect(again).toMatchObject({ exit: 0 });
    expect(await runHere('module', 'new', join(folder, 'policies'))).toMatchObject({ exit: 2 });
    expect(await runHere('module', 'build', join(folder, 'No Module'))).toMatchObject({ exit: 2 });
    expect(await runHere('module', 'test', join(folder, 'policies'))).toMatchObject({ exit: 1 });
  });

  it('say where a source does not compile', async () => {
    const project = join(folder, 'broken');
    await runHere('module', 'new', project);
    writeFileSync(join(project, 'assembly/broken.ts'), 'export function apply(): u64 { return nothing; }\n');
    const { exit, err } = await runHere('module', 'build', project);
    expect(exit).toBe(1);
    expect(err).toContain('assembly/broken.ts(1,');
  });
});

describe('terachat module test', () => {
  const ledger = join(SAMPLES, 'ledger.wasm');
  const test = (lines: readonly object[], ...options: string[]): Promise<Said> =>
    runHere(
      ...['module', 'test', ledger, '--records'],
      write('records.jsonl', lines.map((line) => JSON.stringify(line)).join('\n')),
      ...options,
    );
  const found = { actor: 'bank', body: '00' };

  it.each(['access', 'approval', 'ledger'])(
    '[PX1, PX7] gives the verdicts that the records of %s name',
    async (name) => {
      const { exit, out } = await runHere('module', 'test', join(SAMPLES, `${name}.wasm`));
      expect(out).toContain('all as expected');
      expect(exit).toBe(0);
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it('shows which verdict is another, the fuel, and the state with the names of keys', async () => {
    const overdraft = { actor: 'alice', body: '01 u64:1 key:bob u64:1', verdict: 'accepted' };
    const { exit, out } = await test([found, overdraft]);
    expect(exit).toBe(1);
    expect(out).toContain('✗ 2  alice  rejected 4');
    expect(out).toContain('expected: accepted');
    expect(out).toContain('      32  key of bank\n      64  00000000');
    expect(documentOf(await test([found, overdraft], '--json'))).toMatchObject({
      ok: false,
      records: [
        { verdict: 'accepted', expected: null, ok: true },
        { verdict: 'rejected 4', ok: false },
      ],
    });
  });

  it('[FU4] stops at the fuel that it is given', async () => {
    const out = documentOf(await test([{ ...found, verdict: 'stopped fuel' }], '--fuel', '10', '--json'));
    expect(out).toMatchObject({ ok: true, records: [{ fuel: null }], state: '' });
  });

  it.each<[string, object]>([
    ["line 2: '0g' is neither bytes as hex nor KIND:VALUE", { actor: 'a', body: '0g' }],
    ["line 2: 'u8:256' is no number of 1 bytes", { actor: 'a', body: 'u8:256' }],
    ["line 2: there is no kind 'i64'", { actor: 'a', body: 'i64:1' }],
    ["line 2: 'tomorrow' is no time", { actor: 'a', body: '', at: 'tomorrow' }],
    ["line 2: 'actor' is not there", { body: '' }],
    ["line 2: 'refused' is no verdict", { actor: 'a', body: '', verdict: 'refused' }],
    ["line 2: nothing is known of 'verdicts'", { actor: 'a', body: '', verdicts: 'accepted' }],
    ["line 2: 'type' is no number up to 65535", { actor: 'a', body: '', type: 65_536 }],
  ])('says what is wrong with a file of records: %s', async (message, line) => {
    const { exit, err } = await test([found, line]);
    expect(err).toContain(message);
    expect(exit).toBe(2);
  });
});
