import { describe, expect, test } from 'vitest';
import {
  accountNamed,
  auditStateIntegrity,
  deviceRevoked,
  encodeState,
  findAccount,
  groupMessage,
  identitySynced,
  MAX_ACCOUNTS,
  memberAdded,
  memberRemoved,
  mlsCommit,
  mlsCreated,
  mlsReinitialised,
  parseState,
  readableUntil,
  roleChanged,
  roleOf,
  satisfiesEquation,
  useVerifyBatch,
  verifyOracle,
  type ImportedFacts,
} from '../../../core/index.ts';
import { actorNamed, LogBuilder, type Actor } from '../../../scripts/vectors/log-builder.ts';
import {
  commitBody,
  createdBody,
  groupGenesis,
  identityGenesis,
  messageBody,
  reinitBody,
} from '../../../scripts/vectors/sample-bodies.ts';
import { accountOf, factsOf, groupAtRelay, relay, revoke } from '../../support/account-log.ts';

const [alice, bob, carol] = [actorNamed('alice'), actorNamed('bob'), actorNamed('carol')];
const [phone, laptop, stranger] = [actorNamed('phone'), actorNamed('laptop'), actorNamed('stranger')];

/** Bob's account has a phone and a laptop beside bob himself; the phone is in alice's plain group. */
function plainGroup(role: 'member' | 'admin' = 'member') {
  const account = accountOf(bob, phone, laptop);
  const log = groupAtRelay(alice);
  log.append(alice, memberAdded, { actor: phone.key, role });
  return { account, log };
}

function mlsGroup() {
  const account = accountOf(bob, phone, laptop);
  const log = groupAtRelay(alice, 'mls');
  log.append(alice, mlsCreated, createdBody);
  const added = [phone, laptop, carol].map(({ key }) => ({ actor: key, role: 'member' }) as const);
  log.append(alice, mlsCommit, commitBody(0, { added }));
  return { account, log };
}

function name(log: LogBuilder, by: Actor, account: LogBuilder, facts: ImportedFacts = factsOf(account)): number {
  return log.append(by, accountNamed, { identity: account.chain, facts });
}

function sync(log: LogBuilder, account: LogBuilder, facts?: ImportedFacts, by: Actor = relay): number {
  const from = findAccount(log.group.accounts, account.chain)?.size ?? 0;
  return log.append(by, identitySynced, { identity: account.chain, facts: facts ?? factsOf(account, { from }) });
}

function syncRefusal(log: LogBuilder, account: LogBuilder, facts: ImportedFacts, by: Actor = alice): unknown {
  return log.refusalOf(log.event(by, identitySynced, { identity: account.chain, facts }));
}

function nameRefusal(
  log: LogBuilder,
  account: LogBuilder,
  facts: ImportedFacts = factsOf(account),
  by = alice,
): unknown {
  return log.refusalOf(log.event(by, accountNamed, { identity: account.chain, facts }));
}

describe('naming an account', () => {
  test('[NA1] is for its own devices, and for those who may invite', () => {
    const { account, log } = plainGroup();
    log.append(alice, memberAdded, { actor: carol.key, role: 'member' });
    expect(nameRefusal(log, account, factsOf(account), carol)).toEqual({ code: 'not-permitted' });
    expect(nameRefusal(log, account, factsOf(account), laptop)).toEqual({ code: 'not-permitted' });
    expect(nameRefusal(log, account, factsOf(account), alice)).toBeUndefined();
    name(log, phone, account);
    expect(findAccount(log.group.accounts, account.chain)).toMatchObject({ size: 3, state: account.state.value });
  });

  test('[NA2] happens once, within limits, to accounts of the same relay', () => {
    const { account, log } = plainGroup();
    name(log, alice, account);
    expect(nameRefusal(log, account)).toEqual({ code: 'account-named' });
    const elsewhere = new LogBuilder(bob, identityGenesis({ checkpointKey: carol.key }), { isSigned: true });
    expect(nameRefusal(log, elsewhere, factsOf(elsewhere, { signer: carol }))).toEqual({ code: 'foreign-account' });
    const [known] = log.group.accounts;
    log.state = {
      kind: 'group',
      value: { ...log.group, accounts: Array.from({ length: MAX_ACCOUNTS }, () => known!) },
    };
    const full = { code: 'too-many-accounts', limit: MAX_ACCOUNTS, actual: MAX_ACCOUNTS + 1 };
    expect(nameRefusal(log, accountOf(carol))).toEqual(full);
  });

  test('[NA3] tells from the start what was revoked before', () => {
    const { account, log } = plainGroup();
    revoke(account, bob, phone);
    const at = name(log, alice, account);
    expect(log.refusalOf(log.event(phone, groupMessage, messageBody))).toEqual({ code: 'actor-removed', at });
  });
});

describe('what an import must show', () => {
  function revoked() {
    const { account, log } = plainGroup();
    name(log, phone, account);
    revoke(account, laptop, phone);
    return { account, log, facts: factsOf(account, { from: 3 }) };
  }

  test('[NA4] the chain’s own entries under its relay’s signature, in several parts too', () => {
    const { account, log } = plainGroup();
    name(log, phone, account, factsOf(account, { to: 2 }));
    expect(findAccount(log.group.accounts, account.chain)?.size).toBe(2);
    revoke(account, laptop, phone);
    sync(log, account, factsOf(account, { from: 2, to: 3 }));
    sync(log, account, factsOf(account, { from: 3 }));
    expect(findAccount(log.group.accounts, account.chain)?.state).toEqual(account.state.value);
  });

  test('[NA4] is refused where it is old, or leaves something out', () => {
    const { account, log, facts } = revoked();
    expect(syncRefusal(log, account, factsOf(account, { to: 3 }))).toEqual({ code: 'facts-old', size: 3 });
    expect(syncRefusal(log, account, { ...facts, entries: [] })).toEqual({ code: 'facts-old', size: 3 });
    revoke(account, laptop, bob);
    const gap = factsOf(account, { from: 4 });
    expect(syncRefusal(log, account, gap)).toEqual({ code: 'facts-invalid', reason: 'gap' });
    sync(log, account, facts);
    expect(syncRefusal(log, account, facts)).toEqual({ code: 'facts-old', size: 4 });
  });

  test('[NA4] is refused where it is of another chain or account', () => {
    const { account, log, facts } = revoked();
    const other = accountOf(carol, phone, laptop);
    revoke(other, carol, phone);
    expect(syncRefusal(log, other, factsOf(other, { from: 3 }))).toEqual({ code: 'no-such-account' });
    expect(syncRefusal(log, account, factsOf(other, { from: 3 }))).toEqual({ code: 'facts-invalid', reason: 'link' });
    const checkpoint = factsOf(other).checkpoint;
    expect(syncRefusal(log, account, { ...facts, checkpoint })).toEqual({
      code: 'facts-invalid',
      reason: 'checkpoint',
    });
    const fresh = groupAtRelay(alice);
    expect(nameRefusal(fresh, account, factsOf(other))).toEqual({ code: 'facts-invalid', reason: 'chain' });
  });

  test.each([
    ['the tree', (account: LogBuilder) => factsOf(account, { from: 3, signer: stranger }), 'checkpoint'],
    [
      'its size',
      (account: LogBuilder) => ({ ...factsOf(account, { from: 3 }), ...pick(factsOf(account, { signedSize: 3 })) }),
      'root',
    ],
  ] as const)('[NA4] is refused where the relay has not signed %s', (_what, forge, reason) => {
    const { account, log } = revoked();
    expect(syncRefusal(log, account, forge(account))).toEqual({ code: 'facts-invalid', reason });
  });

  test('[NA4] is refused where nobody who may has signed the entry, whatever the relay says', () => {
    const { account, log } = revoked();
    const forged = accountOf(bob, phone, laptop);
    const event = forged.event(laptop, deviceRevoked, { device: phone.key, reason: 'lost' });
    forged.force(stranger, event);
    expect(syncRefusal(log, account, factsOf(forged, { from: 3 }))).toEqual({
      code: 'facts-invalid',
      reason: 'signature',
    });
    const unruly = accountOf(bob, phone, laptop);
    unruly.force(stranger, unruly.event(stranger, deviceRevoked, { device: phone.key, reason: 'lost' }));
    expect(syncRefusal(log, account, factsOf(unruly, { from: 3 }))).toEqual({ code: 'facts-invalid', reason: 'rule' });
  });

  test('[NA4] is refused at the cost of one signature where no relay has signed it', () => {
    const { account, log } = revoked();
    const forger = { ...stranger, key: relay.key };
    const facts = factsOf(account, { from: 3, signer: forger });
    let verified = 0;
    useVerifyBatch((jobs) => jobs.map((job) => ++verified > 0 && satisfiesEquation(job)));
    verified = 0;
    try {
      expect(syncRefusal(log, account, facts)).toEqual({ code: 'facts-invalid', reason: 'signature' });
      expect(verified).toBe(1);
    } finally {
      useVerifyBatch((jobs) => jobs.map(satisfiesEquation));
    }
  });

  test('[NA4] is refused at every flip of a bit', () => {
    const { account, log, facts } = revoked();
    const [entry] = facts.entries as [Uint8Array];
    for (let at = 0; at < entry.length; at += 7) {
      const entries = [entry.map((byte, i) => (i === at ? byte ^ 1 : byte))];
      const refusal = syncRefusal(log, account, { ...facts, entries }) as { readonly code: string } | undefined;
      expect(['facts-old', 'facts-invalid'], `byte ${at}`).toContain(refusal?.code);
    }
    expect(syncRefusal(log, account, facts)).toBeUndefined();
  });

  test('[NA5] is all the permission that it takes, and strangers without it are told nothing', () => {
    const { account, log, facts } = revoked();
    const denied = { code: 'not-permitted' };
    expect(syncRefusal(log, account, factsOf(account, { to: 3 }), stranger)).toEqual(denied);
    expect(syncRefusal(log, accountOf(carol), factsOf(accountOf(carol)), stranger)).toEqual(denied);
    expect(syncRefusal(log, account, { ...facts, entries: [] }, stranger)).toEqual(denied);
    expect(syncRefusal(log, account, facts, stranger)).toBeUndefined();
  });
});

describe('a revoked device', () => {
  test('[NA6] is out of a plain group from the import on, and reads up to there', () => {
    const { account, log } = plainGroup();
    name(log, phone, account);
    revoke(account, laptop, phone);
    expect(log.codeOf(phone, groupMessage, messageBody)).toBeUndefined();
    const at = sync(log, account);
    expect(log.refusalOf(log.event(phone, groupMessage, messageBody))).toEqual({ code: 'actor-removed', at });
    expect(readableUntil(log.state, phone.key)).toBe(at);
    expect(log.codeOf(alice, memberAdded, { actor: phone.key, role: 'member' })).toBe('device-revoked');
  });

  test('[NA6] is suspended in an MLS group until a commit of anyone takes it out, and reads no further by that', () => {
    const { account, log } = mlsGroup();
    name(log, phone, account);
    revoke(account, laptop, phone);
    const at = sync(log, account);
    expect(roleOf(log.group.roster, phone.key)).toBe('suspended');
    for (const body of [commitBody(1), commitBody(1, { removed: [carol.key] })]) {
      expect(log.refusalOf(log.event(phone, mlsCommit, body))).toEqual({ code: 'actor-removed', at });
    }
    expect(log.codeOf(alice, roleChanged, { actor: phone.key, role: 'admin' })).toBe('no-such-member');
    log.append(carol, mlsCommit, commitBody(1, { removed: [phone.key] }));
    expect(roleOf(log.group.roster, phone.key)).toBe('none');
    expect(readableUntil(log.state, phone.key)).toBe(at);
    const added = [{ actor: phone.key, role: 'member' }] as const;
    expect(log.codeOf(alice, mlsCommit, commitBody(2, { added }))).toBe('device-revoked');
    expect(encodeState(parseState(encodeState(log.state))!)).toEqual(encodeState(log.state));
  });

  test('[NA6] leaves the other devices of its account as they were', () => {
    const { account, log } = mlsGroup();
    name(log, phone, account);
    revoke(account, laptop, phone);
    sync(log, account);
    expect(log.codeOf(laptop, groupMessage, { ...messageBody, epoch: 1 })).toBeUndefined();
  });

  test('[NA7] is let into no group that names its account, also one that it was never in', () => {
    const account = accountOf(bob, phone);
    revoke(account, bob, phone);
    const log = groupAtRelay(alice);
    name(log, alice, account);
    expect(log.codeOf(alice, memberAdded, { actor: phone.key, role: 'member' })).toBe('device-revoked');
    expect(log.codeOf(alice, memberAdded, { actor: bob.key, role: 'member' })).toBeUndefined();
  });

  test('[NA8] that owned the group alone leaves it to the next in rank', () => {
    const account = accountOf(bob, phone);
    const log = groupAtRelay(phone);
    log.append(phone, memberAdded, { actor: carol.key, role: 'reader' });
    log.append(phone, memberAdded, { actor: laptop.key, role: 'member' });
    log.append(phone, memberAdded, { actor: alice.key, role: 'member' });
    name(log, phone, account);
    revoke(account, bob, phone);
    sync(log, account);
    expect(roleOf(log.group.roster, laptop.key)).toBe('owner');
    expect(log.codeOf(laptop, memberRemoved, { actor: alice.key })).toBeUndefined();
  });

  test('[NA9] is cut off in a group that has ended, too', () => {
    const { account, log } = mlsGroup();
    name(log, phone, account);
    log.append(alice, mlsReinitialised, reinitBody);
    revoke(account, laptop, phone);
    expect(log.codeOf(alice, groupMessage, messageBody)).toBe('group-reinitialised');
    const at = sync(log, account);
    expect(readableUntil(log.state, phone.key)).toBe(at);
  });
});

test('[NA10] an audit without a network dates the revocation, and finds a forged one', async () => {
  const account = accountOf(bob, phone, laptop);
  const log = new LogBuilder(alice, groupGenesis('plain', { checkpointKey: relay.key }), { isSigned: true });
  log.append(alice, memberAdded, { actor: phone.key, role: 'member' });
  name(log, phone, account);
  revoke(account, laptop, phone);
  const at = sync(log, account);
  const audit = () =>
    auditStateIntegrity(
      { chain: log.chain, batches: [log.entries], checkpoint: () => factsOf(log).checkpoint },
      (jobs) => jobs.map(verifyOracle),
    );
  const report = await audit();
  expect(report).toMatchObject({ ok: true, value: { size: at + 1 } });
  expect(report.ok && readableUntil(report.value.state, phone.key)).toBe(at);

  revoke(account, laptop, bob);
  const facts = factsOf(account, { from: 4, signer: stranger });
  log.force(relay, log.event(relay, identitySynced, { identity: account.chain, facts }));
  expect(await audit()).toMatchObject({ ok: false, error: { code: 'forbidden-entry', index: at + 1 } });
});

function pick({ checkpoint }: ImportedFacts): Pick<ImportedFacts, 'checkpoint'> {
  return { checkpoint };
}
