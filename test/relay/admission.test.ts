import { describe, expect, test } from 'vitest';
import { DAY_MS, publicKeyOf, signEd25519, toBase64Url, verifyOracle, writeInvitation } from '../../core/index.ts';
import { configureAdmission, countFounding, judgeInvitation, redeemInvitation } from '../../relay/index.ts';
import type { FoundingCount } from '../../relay/index.ts';

const T0 = 20_000 * DAY_MS;
const OPERATOR = new Uint8Array(32).fill(7);
const operatorKey = publicKeyOf(OPERATOR);
const ACTOR = toBase64Url(publicKeyOf(new Uint8Array(32).fill(8)));

describe('The rule', () => {
  test('[AD1] is open where nothing is said, and what the operator says else', () => {
    expect(configureAdmission({})).toEqual({ rule: { kind: 'open' }, faults: [] });
    const invite = configureAdmission({ ADMISSION: 'invite', ADMISSION_KEY: toBase64Url(operatorKey) });
    expect(invite).toEqual({ rule: { kind: 'invite', operatorKey }, faults: [] });
    const { rule } = configureAdmission({ ADMISSION: 'list', ADMISSION_ACTORS: ` ${ACTOR},\n${ACTOR} ` });
    expect(rule).toEqual({ kind: 'list', actors: new Set([ACTOR]) });
  });

  test.each([
    [{ ADMISSION: 'opne' }, 'ADMISSION'],
    [{ ADMISSION: 'invite' }, 'ADMISSION_KEY'],
    [{ ADMISSION: 'invite', ADMISSION_KEY: 'A'.repeat(43) }, 'ADMISSION_KEY'],
    [{ ADMISSION: 'list' }, 'ADMISSION_ACTORS'],
  ])('[AD1] admits nobody where it can not be understood: %j', (variables, fault) => {
    expect(configureAdmission(variables)).toEqual({ rule: { kind: 'list', actors: new Set() }, faults: [fault] });
  });
});

test('[AD1] a list of which an entry is no key is named, and lets in those who are on it', () => {
  const configured = configureAdmission({ ADMISSION: 'list', ADMISSION_ACTORS: `${ACTOR} ${ACTOR.slice(1)}` });
  expect(configured.faults).toEqual(['ADMISSION_ACTORS']);
  expect(configured.rule.kind === 'list' && configured.rule.actors.has(ACTOR)).toBe(true);
});

describe('A count of foundings', () => {
  const limit = { count: 3, periodMs: DAY_MS };
  const request = (chain: string) => ({ chain, limitName: 'founder-chains', limit }) as const;
  const after = (chains: readonly string[], clock = T0): FoundingCount | undefined =>
    chains.reduce<FoundingCount | undefined>((before, chain) => {
      const counted = countFounding(before, request(chain), clock);
      return 'after' in counted ? counted.after : before;
    }, undefined);

  test('[AD2] refuses what is over the quota until the day of UTC is over', () => {
    const full = after(['a', 'b', 'c']);
    const refused = countFounding(full, request('d'), T0 + 1_000);
    const refusal = { code: 'founding-quota-reached', limit: 'founder-chains', retryAfterMs: DAY_MS - 1_000 };
    expect(refused).toEqual({ refusal });
    expect(countFounding(full, request('d'), T0 + DAY_MS)).toMatchObject({ after: { count: 1, chains: ['d'] } });
  });

  test('[AD2] counts a chain once', () => {
    expect(after(['a', 'a', 'b', 'a'])).toMatchObject({ count: 2 });
    expect(countFounding(after(['a', 'b', 'c']), request('a'), T0)).toHaveProperty('after');
  });

  test('[AD2] remembers the names of the latest 64 chains, and no more', () => {
    const many = { count: 100, periodMs: DAY_MS };
    let before: FoundingCount | undefined;
    for (let i = 0; i < 65; i++) {
      const counted = countFounding(before, { ...request(`chain ${i}`), limit: many }, T0);
      before = 'after' in counted ? counted.after : undefined;
    }
    expect([before?.count, before?.chains.length, before?.chains[0]]).toEqual([65, 64, 'chain 1']);
  });
});

describe('An invitation', () => {
  const id = new Uint8Array(16).fill(1);
  const codeFor = (relayName = 'relay.example', seed = OPERATOR) =>
    writeInvitation({ id, uses: 2, expiresAt: T0 + 1 }, relayName, (message) => signEd25519(seed, message));
  const judge = (code: string | null, clock = T0) => {
    const check = (jobs: readonly Parameters<typeof verifyOracle>[0][]) => jobs.map(verifyOracle);
    const judged = judgeInvitation(code, { relayName: 'relay.example', operatorKey, check, clock });
    return judged.ok ? judged.value : { ...judged.error };
  };

  test('[AD3] of the operator for this relay is taken until it expires', () => {
    expect(judge(codeFor())).toMatchObject({ id, uses: 2, expiresAt: T0 + 1 });
    expect(judge(` ${codeFor()} `)).toMatchObject({ id });
    expect(judge(codeFor(), T0 + 1)).toEqual({ code: 'invitation-invalid', reason: 'expired' });
  });

  test('[AD3] of another relay or key, or changed, is none', () => {
    const changed = codeFor().replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    for (const code of [codeFor('other.example'), codeFor('relay.example', new Uint8Array(32)), changed]) {
      expect(judge(code)).toEqual({ code: 'invitation-invalid', reason: 'signature' });
    }
    for (const code of ['', 'x', codeFor().slice(1), `${codeFor()}A`, 'A'.repeat(100_000)]) {
      expect(judge(code)).toEqual({ code: 'invitation-invalid', reason: 'malformed' });
    }
    expect(judge(null)).toEqual({ code: 'invitation-required' });
  });

  test('[AD4] lets in as many as it says, each once', () => {
    expect(redeemInvitation([], 'a', 1)).toEqual({ ok: true, value: ['a'] });
    expect(redeemInvitation(['a'], 'a', 1)).toEqual({ ok: true, value: ['a'] });
    expect(redeemInvitation(['a'], 'b', 1)).toEqual({ ok: false, error: { code: 'invitation-used' } });
  });
});
