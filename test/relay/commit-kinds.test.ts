import type { Credential } from 'ts-mls';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { FollowedCommit, PublicGroup } from '../../core/mls/index.ts';
import { judgeKinds } from '../../relay/commit-kinds.ts';
import { makeCrew, type Crew } from '../core/mls/public-group/crew.ts';
import { MemoryChain } from '../model/memory-chain.ts';
import { requiredCapabilities } from '../sdk/mls/malice.ts';
import { NOW_MS } from '../sdk/mls/people.ts';
import { MLS_PARAMETERS } from '../support/mls-bundles.ts';
import { TestActor } from '../support/test-actor.ts';

const T0 = Date.UTC(2026, 0, 1);
const alice = new TestActor('alice');
const head = new MemoryChain(alice.genesis({ parameters: MLS_PARAMETERS }, T0), T0).head;

let crew: Crew;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  crew = await makeCrew(2);
});
afterAll(() => vi.useRealTimers());

/** The group with one member whose leaf handles these credentials alone. */
function withModest(group: PublicGroup, credentials: readonly Credential['credentialType'][]): PublicGroup {
  const nodes = group.tree.nodes.map((node, index) => {
    if (index !== 2 || node?.kind !== 'leaf') return node;
    const capabilities = { ...node.node.capabilities, credentials: [...credentials] };
    return { ...node, node: { ...node.node, capabilities } };
  });
  return { ...group, tree: { ...group.tree, nodes } };
}

test('[ML57] new extensions are such that those can follow, too, who are there before the commit alone', () => {
  const extensions = [requiredCapabilities({ credentialTypes: ['x509'] })];
  const group = { ...crew.group, context: { ...crew.group.context, extensions } };
  const kinds = new Set(['group-context-extensions', 'remove']);
  const followed = { isExternal: false, kinds, group, successor: undefined } as unknown as FollowedCommit;
  const verdictOn = (before: PublicGroup) =>
    judgeKinds(followed, { before, head, actor: alice.key, successor: undefined });
  expect(verdictOn(crew.group)).toBeUndefined();
  expect(verdictOn(withModest(crew.group, ['basic']))).toBe('tree-required-capabilities');
});
