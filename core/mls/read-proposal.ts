import type { Proposal } from 'ts-mls';
import { defaultProposalTypes } from 'ts-mls/defaultProposalType.js';
import { ok, type Result } from '../result.ts';
import type { MlsProposal } from './proposal.ts';
import { readKeyPackage } from './read-key-package.ts';
import { readLeaf } from './read-leaf.ts';
import { refuse, type MlsLeafCode, type MlsMessageCode, type MlsRefusal } from './refusal.ts';
import type { GroupTerms } from './suite.ts';

export function readProposal(
  proposal: Proposal,
  terms: GroupTerms,
): Result<MlsProposal, MlsRefusal<MlsMessageCode | MlsLeafCode>> {
  switch (proposal.proposalType) {
    case 'add': {
      const keyPackage = readKeyPackage(proposal.add.keyPackage, terms.credentials);
      if (!keyPackage.ok) return keyPackage;
      return keyPackage.value.suite === terms.suite.id
        ? ok({ kind: 'add', keyPackage: keyPackage.value })
        : refuse('mls-suite');
    }
    case 'remove':
      return ok({ kind: 'remove', leafIndex: proposal.remove.removed });
    case 'update': {
      const leaf = readLeaf(proposal.update.leafNode, terms);
      return leaf.ok ? ok({ kind: 'update', leaf: leaf.value }) : leaf;
    }
    case 'psk':
    case 'reinit':
      return ok({ kind: proposal.proposalType });
    case 'external_init':
      return ok({ kind: 'external-init' });
    case 'group_context_extensions':
      return ok({ kind: 'group-context-extensions' });
    default:
      return isStandardProposal(proposal.proposalType)
        ? refuse('mls-malformed')
        : ok({ kind: 'custom', type: proposal.proposalType });
  }
}

const STANDARD_TYPES: ReadonlySet<number> = new Set(Object.values(defaultProposalTypes));

/**
 * The library reads a standard proposal that it can't decode as a custom one of the same number, and then ignores it: two
 * readers of one commit would apply different changes.
 */
export function isStandardProposal(type: number): boolean {
  return STANDARD_TYPES.has(type);
}
