import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { DEFAULT_TERMS, encodePublicTree, memberRules, restoreGroup } from '../../../../core/mls/index.ts';
import { codeOf, NOW_MS, valueOf } from '../../../sdk/mls/people.ts';
import { commitBy, commitInCrew, encodeGroupInfo, followBundle, makeCrew, openGroupInfo, type Crew } from './crew.ts';

const RULES = memberRules(DEFAULT_TERMS);

let crew: Crew;
/** Of the crew's epoch, without the tree. */
let bare: Uint8Array;
beforeAll(async () => {
  vi.setSystemTime(NOW_MS);
  // Parents and a blank place beside leaves that nobody has merged.
  crew = await commitInCrew(await makeCrew(5), 1, {});
  const own = openGroupInfo(crew.groupInfo);
  const extensions = own.extensions.filter((each) => each.extensionType !== 'ratchet_tree');
  bare = encodeGroupInfo({ ...own, extensions });
});
afterAll(() => vi.useRealTimers());

test('[ML95] a group is taken up again with its tree in the GroupInfo or beside it, and follows the next commit', async () => {
  const tree = encodePublicTree(crew.group.tree);
  expect(valueOf(restoreGroup(crew.groupInfo, () => undefined, RULES))).toEqual({ ...crew.group, rules: RULES });
  const restored = valueOf(restoreGroup(bare, () => tree, RULES));
  expect(restored).toEqual({ ...crew.group, rules: RULES });
  const { bundle } = await commitBy(crew.members[2]!.client);
  expect(followBundle(restored, bundle).group).toEqual({
    ...followBundle(crew.group, bundle).group,
    rules: RULES,
  });
  expect(codeOf(restoreGroup(bare, () => undefined, RULES))).toBe('group-info-tree-missing');
});

test('[ML95] a stored tree in which a byte has changed, or that was cut short, is none', () => {
  const tree = encodePublicTree(crew.group.tree);
  for (let offset = 0; offset < tree.length; offset++) {
    const altered = tree.slice();
    altered[offset] = altered[offset]! ^ (1 << (offset % 8));
    const code = codeOf(restoreGroup(bare, () => altered, RULES));
    expect(['group-info-tree-hash', 'mls-malformed'], `byte ${offset}: ${code}`).toContain(code);
  }
  for (const length of [0, 1, 100, tree.length - 1]) {
    expect(codeOf(restoreGroup(bare, () => tree.subarray(0, length), RULES))).toBe('mls-malformed');
  }
});
