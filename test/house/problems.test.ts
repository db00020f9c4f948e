import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { problems, type ProblemCode } from '../../core/index.ts';
import { badCommits } from '../faults/bad-input/commits.ts';
import { badDeviceCalls } from '../faults/bad-input/devices.ts';
import { badEvents } from '../faults/bad-input/events.ts';
import { badFrames } from '../faults/bad-input/frames.ts';
import { badProposals } from '../faults/bad-input/proposals.ts';
import { badRequests } from '../faults/bad-input/requests.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/spec/problems.md'), 'utf8');
const rows = [...badEvents, ...badCommits, ...badProposals, ...badDeviceCalls, ...badFrames, ...badRequests];

const envelopes = 'test/durable-objects/device/envelopes.workerd.test.ts';

const admissions = 'test/workers/admission.test.ts';

const shardNode = 'test/workers/shard-node/app.workerd.test.ts';

const cluster = 'test/workers/relay/cluster.workerd.test.ts';

const everyRefusal = ['test/core/chain/refusals.test.ts', '[PR1] %s is reached'] as const;
const registryRoutes = 'test/workers/relay/registry.workerd.test.ts';

/** Rules of registries: the relay asks the same function as everyone else. */
const registryCodes = [
  'registry-not-public',
  'invalid-admin-root',
  'wrong-registry',
  'wrong-admin-epoch',
  'root-out-of-order',
  'root-expired',
  'admin-key-revoked',
  'signer-repeated',
  'signer-unknown',
  'signer-revoked',
  'threshold-not-met',
  'admin-signature-invalid',
  'invalid-module-manifest',
  'unsupported-module-abi',
  'module-too-large',
  'module-revoked',
  'module-already-published',
  'module-version-not-rising',
  'wrong-previous-version',
  'module-not-yet-valid',
  'module-expired',
  'nothing-revoked',
  'already-revoked',
  'too-few-admins',
  'registry-full',
] as const satisfies readonly ProblemCode[];

/** The same for policies of groups. */
const policyCodes = [
  'foreign-registry',
  'registry-not-followed',
  'module-not-published',
  'unguardable-event-type',
  'policy-in-force',
  'no-policy',
  'policy-undecided',
  'policy-rejected',
  'policy-stopped',
  'policy-migration-failed',
] as const satisfies readonly ProblemCode[];

const accounts = (name: string) => ['test/core/state/accounts.test.ts', name] as const;

const attachments = 'test/workers/relay/attachments.workerd.test.ts';

/** What no single bad input brings about, and the test that does: its file, and a piece of its name. */
const elsewhere: Partial<Record<ProblemCode, readonly [file: string, name: string]>> = {
  'malformed-signature': ['test/core/event/parse.test.ts', '[AP2] with a signature of %d bytes'],
  'rate-limited': ['test/faults/bad-input.workerd.test.ts', '[AP14] of more appends than may wait'],
  'roster-full': everyRefusal,
  'group-full': everyRefusal,
  'account-named': accounts('[NA2] happens once'),
  'too-many-accounts': accounts('[NA2] happens once'),
  'foreign-account': accounts('[NA2] happens once'),
  'no-such-account': accounts('[NA4] is refused where it is of another chain'),
  'facts-invalid': accounts('[NA4] is refused at every flip'),
  'facts-old': accounts('[NA4] is refused where it is old'),
  'device-revoked': accounts('[NA7] is let into no group'),
  'account-too-large': ['test/core/chain/refusals.test.ts', '[PR1] %s is reached'],
  'already-reported': everyRefusal,
  'invalid-device-name': everyRefusal,
  'key-in-use': everyRefusal,
  'too-many-devices': everyRefusal,
  'device-list-full': everyRefusal,
  'invalid-proof': everyRefusal,
  'no-such-device': everyRefusal,
  'last-device': everyRefusal,
  'waiting-too-long': everyRefusal,
  'recovery-pending': everyRefusal,
  'no-such-recovery': everyRefusal,
  'recovery-waiting': everyRefusal,
  'opaque-handshakes': ['test/relay/opaque.test.ts', '[GM31] is one to leave'],
  'group-reinitialised': ['test/relay/commit.test.ts', '[GM41] ends a group'],
  ...Object.fromEntries([...registryCodes, ...policyCodes].map((code) => [code, everyRefusal])),
  'no-registry': [registryRoutes, '[AR15] says so at'],
  'lone-module': [registryRoutes, '[AR16] takes nothing but publications there'],
  'module-refused': [registryRoutes, '[AR16] refuses a module that its event does not name'],
  'group-info-lost': ['test/durable-objects/chain/handshakes.workerd.test.ts', '[ML96] is given out whole'],
  'payload-expired': ['test/durable-objects/chain/object.workerd.test.ts', '[PL3] forgets payloads'],
  'payload-unavailable': ['test/durable-objects/chain/tiers.workerd.test.ts', '[TI6] [BL12] are read whole'],
  'too-many-subscribers': ['test/durable-objects/chain/sockets.workerd.test.ts', '[SK5] serves a thousand sockets'],
  'too-many-transfers': [attachments, '[UP7] waits while'],
  'token-register-full': [envelopes, '[SE7] is remembered with 1,024 others'],
  'founding-quota-reached': [admissions, '[AD2] a person founds so many chains a day'],
  'founding-not-allowed': [admissions, '[AD1] under list only those found who are named'],
  'invitation-required': [admissions, '[AD3, AD4] under invite a code lets in'],
  'invitation-invalid': [admissions, '[AD3, AD4] under invite a code lets in'],
  'invitation-used': [admissions, '[AD3, AD4] under invite a code lets in'],
  'operator-token-required': ['test/workers/operations.test.ts', '[OP1] shows its counts to whoever has the token'],
  'operator-required': [cluster, '[CR10] is for operators alone'],
  'no-cluster': [cluster, '[CR10] says where there is no cluster'],
  'no-such-node': [cluster, '[CR5] [CR10] refuses to drain'],
  'no-spare-node': [cluster, '[CR5] [CR10] refuses to drain'],
  'relay-not-listed': [shardNode, '[SN14] refuses a relay that is not listed'],
  'node-not-configured': [shardNode, '[SN14] serves nobody where'],
  'no-such-object': [shardNode, '[SN4] finds nothing from the expiry on'],
  'object-damaged': [shardNode, '[SN18] says that what is there is damaged'],
  'quota-full': [shardNode, '[SN16] counts'],
  'expiry-out-of-range': [shardNode, '[SN4] takes an expiry'],
  'range-not-satisfiable': [shardNode, '[SN5] refuses a range'],
  'attachment-inconsistent': [attachments, '[UP6] that nobody can read'],
  'attachment-mismatch': [attachments, '[UP2] is refused where its bytes are not'],
  'attachments-full': [attachments, '[UP5] finds room'],
  'too-many-uploads': [attachments, '[UP5] finds room'],
  'upload-offset': [attachments, '[UP3] goes on after a request that broke off'],
  'too-many-in-flight': ['test/durable-objects/chain/sockets.workerd.test.ts', '[SK10] are refused with their socket'],
  'relay-clock-behind': ['test/durable-objects/chain/object.workerd.test.ts', '[AP11]'],
  'relay-not-configured': ['test/workers/relay/http.workerd.test.ts', '[HT9] without a usable key'],
  unavailable: ['test/workers/relay/http.workerd.test.ts', '[HT8] leaves open whether a write was stored'],
  internal: ['test/workers/relay/http.workerd.test.ts', '[HT8] has changed nothing by a read'],
};

describe('every problem code', () => {
  test.each(Object.keys(problems) as ProblemCode[])('[PR1] %s is documented, and some test provokes it', (code) => {
    expect(page).toMatch(new RegExp(`^\\| \`${code}\` `, 'm'));
    if (rows.some((row) => row.code === code)) return;
    const [file, name] = elsewhere[code] ?? expect.fail('add a row to test/faults/bad-input/, or name the test above');
    const text = readFileSync(join(root, file), 'utf8');
    expect(text).toContain(name);
    expect(text).toContain(code);
  });

  test('of those that are provoked elsewhere has no row as well', () => {
    const both = rows.filter(({ code }) => elsewhere[code] !== undefined).map(({ code }) => code);
    // Claims are limited by a rule of their own, appends by how many may wait.
    expect([...new Set(both)]).toEqual(['rate-limited']);
  });

  test('[PR4] has the reasons that are documented under it, and the rows know no others', () => {
    for (const { code, details, name } of rows) {
      const reason = details?.['reason'];
      if (reason !== undefined) expect(reasonsOf(code), name).toContain(reason);
    }
  });

  test('[PR4] is not told by reasons that nothing gives', () => {
    const sources = [
      'core/codec/reader.ts',
      'core/mls/refusal.ts',
      'relay/commit.ts',
      'relay/public-commit.ts',
      'relay/proposal.ts',
      'relay/mls-message.ts',
      'relay/opaque.ts',
    ];
    const others = [
      'relay/admission/invitation.ts',
      'relay/envelopes.ts',
      'relay/claim-tokens.ts',
      'relay/key-package-publication.ts',
      'workers/http/request-signature.ts',
    ];
    const text = [...sources, ...others].map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
    for (const code of ['malformed', 'invalid-handshake', 'invalid-key-package', 'signature-invalid'] as const) {
      const reasons = reasonsOf(code);
      expect(reasons.length, code).toBeGreaterThan(3);
      for (const reason of reasons) expect(text, `${code}: ${reason}`).toContain(`'${reason}'`);
    }
  });

  test('[PR4] documents each reason that core and relay give', () => {
    const documented = [...page.matchAll(/^\| `[a-z-]+` +\| `([a-z-]+)`/gm)].map(([, reason]) => reason);
    const literals = (file: string, pattern: RegExp) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(pattern)].map(([, reason]) => reason);
    const given = [
      ...literals('core/codec/reader.ts', /^ {2}\| '([a-z-]+)'/gm),
      ...literals('core/mls/refusal.ts', /^ {2}\| '([a-z-]+)'/gm),
      ...literals('core/state/registry/admin-root.ts', /reason: '([a-z-]+)'/g),
      ...literals('core/state/registry/module-manifest.ts', /reason: '([a-z-]+)'/g),
      ...literals('relay/commit.ts', /invalid\('([a-z-]+)'\)/g),
      ...literals('relay/public-commit.ts', /(?:invalid\(|reason: )'([a-z-]+)'/g),
      ...literals('relay/proposal.ts', /invalid\('([a-z-]+)'\)/g),
      ...literals('relay/mls-message.ts', /return '([a-z-]+)'/g),
      ...literals('relay/admission/invitation.ts', /reason: '([a-z-]+)'/g),
      ...literals('relay/envelopes.ts', /invalid\('([a-z-]+)'\)/g),
      ...literals('relay/claim-tokens.ts', /reason: '([a-z-]+)'/g),
      ...literals('relay/key-package-publication.ts', /refuseAt\(\w+, '([a-z-]+)'\)/g),
    ];
    expect(given.length).toBeGreaterThan(40);
    // Two of the reasons of a handshake that fits nothing have become a code of their own.
    expect(given.filter((reason) => !documented.includes(reason))).toEqual(['commit-welcome']);
  });
});

/** The reasons in the rows of a table that begin with this code. */
function reasonsOf(code: string): string[] {
  return [...page.matchAll(new RegExp(`^\\| \`${code}\` +\\| \`([a-z-]+)\``, 'gm'))].map(
    ([, reason]) => reason as string,
  );
}
