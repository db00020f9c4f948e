import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  DAY_MS,
  DEFAULT_POLICY_FUEL,
  encodeAdminStatement,
  encodeLogCopy,
  fromBase64Url,
  MODULE_ABI,
  sha256,
  toBase64Url,
  type AdminStatement,
  type DsseEnvelope,
} from '../../core/index.ts';
import { ChainDownload } from '../../cli/chain-download.ts';
import { keepingModules, modulesOfRelay } from '../../cli/module-sources.ts';
import { actorSigner, type ActorSigner } from '../../sdk/actor-signer.ts';
import { signStatement, type Group, type Registry, type Session, type TimelineItem } from '../../sdk/index.ts';
import { runHere } from '../cli/run-cli.ts';
import { readSample, u64 } from '../policies/sample.ts';
import { soleInvitation, Stage } from './stage.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

const OVERDRAFT = 4;
const ledger = readSample('ledger');
const hash = sha256(ledger);
const admin: ActorSigner = actorSigner(new Uint8Array(32).fill(5));

let stage: Stage;
let bank: Session;
let alice: Session;
let registry: Registry;
let group: Group;

/** A relay that trusts one registry, with a ledger in it, and a group of a bank and Alice whose ledger it is. */
beforeAll(async () => {
  stage = await Stage.set();
  bank = await stage.person();
  const root = { admins: [toBase64Url(admin.actor)], threshold: 1, expiresAt: Date.now() + DAY_MS };
  const { id } = await bank.foundRegistry(root);
  await stage.restartRelay({ variables: { REGISTRY: id } });
  registry = await bank.registry();
  await registry.publish(await signed({ kind: 'publication', value: manifest(id) }), ledger);
  alice = await stage.person();
  group = await bank.createGroup({ membership: 'plain' });
  await group.policy.bind(toBase64Url(hash));
  await group.invite(alice.identity!.actor);
});

afterAll(() => stage.strike());

function manifest(id: string) {
  return {
    registry: fromBase64Url(id)!,
    name: 'ledger',
    version: 1,
    previous: undefined,
    abi: MODULE_ABI,
    hash,
    size: ledger.length,
    fuel: DEFAULT_POLICY_FUEL,
    pages: 256,
    notBefore: Date.now() - DAY_MS,
    expiresAt: Date.now() + DAY_MS,
    adminEpoch: 1,
  };
}

function signed(statement: AdminStatement): Promise<DsseEnvelope> {
  return signStatement({ ...encodeAdminStatement(statement), signatures: [] }, admin);
}

function transfer(number: number, to: Session, amount: number): Uint8Array {
  return Uint8Array.of(1, ...u64(number), ...fromBase64Url(to.identity!.actor)!, ...u64(amount));
}

/** The group's log in a file, with these modules; and a folder that has its own. */
async function saved(modules: readonly Uint8Array[] = []): Promise<{ readonly log: string; readonly folder: string }> {
  const download = new ChainDownload(bank, group.id, new AbortController().signal);
  const entries: Uint8Array[] = [];
  for await (const page of download.pages()) entries.push(...page);
  const folder = join(stage.folder, 'modules');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'of-the-bank.wasm'), ledger);
  const log = join(stage.folder, 'bank.log');
  const { checkpoint } = download;
  await writeFile(log, encodeLogCopy({ chain: fromBase64Url(group.id)!, checkpoint, entries, modules }));
  return { log, folder };
}

describe('a group with a ledger', () => {
  test('[PB4, PB6, PB7] takes what the ledger lets in, and tells its reason for the rest', async () => {
    await group.policy.record(Uint8Array.of(0));
    await group.policy.record(transfer(1, alice, 100));
    const hers = await (await soleInvitation(alice)).accept();
    await expect(hers.policy.record(transfer(1, bank, 101))).rejects.toMatchObject({
      code: 'policy-rejected',
      details: { reason: String(OVERDRAFT) },
    });
    await hers.policy.record(transfer(1, bank, 40));
    const { state, ...view } = (await hers.policy.state())!;
    expect(view).toMatchObject({ module: toBase64Url(hash), name: 'ledger', version: 1, guards: [] });
    const balances = [0, 1].map((i) =>
      new DataView(state.buffer, state.byteOffset).getBigInt64(32 + i * 48 + 32, true),
    );
    expect(balances.sort((a, b) => Number(a - b))).toEqual([-60n, 60n]);
    await group.catchUp();
    expect((await group.policy.state())!.state).toEqual(state);
    // The same module with other guards goes on where it was, and every client reads on.
    await group.policy.bind(toBase64Url(hash), { guards: ['group.account-named'] });
    expect(await group.policy.state()).toEqual({ ...view, state, guards: ['group.account-named'] });
  });

  test('[PB12] is audited by running the ledger again, and not without it', async () => {
    const { log, folder } = await saved();
    const report = await runHere('audit', '--file', log, '--modules', folder, '--json');
    expect(report.exit).toBe(0);
    expect(JSON.parse(report.out)).toMatchObject({ ok: true, policy: { name: 'ledger', version: 1 } });
    const [bare, empty] = [
      await runHere('audit', '--file', log),
      await runHere('audit', '--file', log, '--modules', stage.folder),
    ];
    expect([bare.exit, empty.exit]).toEqual([3, 3]);
    expect(bare.err).toContain('policies-not-run');
    expect(empty.err).toContain('does not have it');
  });

  test('[AU5, PB12] is audited offline by the modules that were saved with it, and by no other', async () => {
    const kept = new Map<string, Uint8Array>();
    const fetched = keepingModules(modulesOfRelay(bank, new AbortController().signal), kept);
    await fetched(hash);
    await expect(fetched(sha256(new Uint8Array()))).rejects.toMatchObject({ code: 'policies-not-run' });
    const { log } = await saved([...kept.values()]);
    const report = await runHere('audit', '--file', log, '--json');
    expect([report.exit, report.err]).toEqual([0, '']);
    expect(JSON.parse(report.out)).toMatchObject({ ok: true, policy: { name: 'ledger', version: 1 }, messages: 0 });

    const other = ledger.with(-1, ledger.at(-1)! ^ 1);
    const refused = await runHere('audit', '--file', (await saved([other])).log);
    expect(refused.exit).toBe(3);
    expect(refused.err).toContain('the saved log does not have it');
  });

  test('[PB11, PB13] takes nothing more once its module is revoked, until that is taken out of force', async () => {
    const revocation = {
      registry: fromBase64Url(registry.id)!,
      adminEpoch: 1,
      reason: 'faulty',
      modules: [hash],
      keys: [],
    } as const;
    await registry.revoke(await signed({ kind: 'revocation', value: revocation }));
    await vi.waitFor(
      () => expect(group.policy.record(transfer(2, alice, 1))).rejects.toMatchObject({ code: 'module-revoked' }),
      { timeout: 100_000 },
    );
    await expect(group.policy.bind(toBase64Url(hash))).rejects.toMatchObject({ code: 'module-revoked' });
    await group.policy.unbind();
    expect(await group.policy.state()).toBeUndefined();
    await expect(group.policy.record('more')).rejects.toMatchObject({ code: 'no-policy' });
  });

  test('[CL48] shows in its timeline what decided since when, what it took, and its end', async () => {
    const ofPolicy: TimelineItem[] = [];
    for await (const item of group.timeline()) if (item.kind.startsWith('policy-')) ofPolicy.push(item);
    const named = { name: 'ledger', version: 1, module: toBase64Url(hash) };
    expect(ofPolicy).toMatchObject([
      { kind: 'policy-bound', ...named, guards: [], actor: bank.identity!.actor },
      { kind: 'policy-recorded', content: Uint8Array.of(0) },
      { kind: 'policy-recorded', content: transfer(1, alice, 100) },
      { kind: 'policy-recorded', content: transfer(1, bank, 40), actor: alice.identity!.actor },
      { kind: 'policy-bound', ...named, guards: ['group.account-named'] },
      { kind: 'policy-revoked', ...named },
      { kind: 'policy-unbound', actor: bank.identity!.actor },
    ]);
  });
});
