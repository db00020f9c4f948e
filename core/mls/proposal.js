import { defaultProposalTypes } from 'ts-mls/defaultProposalType.js';
import { ok } from '../result.ts';
import { readKeyPackage } from './key-package.ts';
import { refuse } from './refusal.ts';
export function readProposal(proposal) {
    switch (proposal.proposalType) {
        case 'add': {
            const keyPackage = readKeyPackage(proposal.add.keyPackage);
            return keyPackage.ok ? ok({ kind: 'add', keyPackage: keyPackage.value }) : keyPackage;
        }
        case 'remove':
            return ok({ kind: 'remove', leafIndex: proposal.remove.removed });
        case 'update':
        case 'psk':
        case 'reinit':
            return ok({ kind: proposal.proposalType });
        case 'external_init':
            return ok({ kind: 'external-init' });
        case 'group_context_extensions':
            return ok({ kind: 'group-context-extensions' });
        default:
            return readCustomProposal(proposal.proposalType);
    }
}
const STANDARD_TYPES = new Set(Object.values(defaultProposalTypes));
/**
 * The library reads a standard proposal that it can't decode as a custom one of the same number, and then ignores it: two
 * readers of one commit would apply different changes.
 */
function readCustomProposal(type) {
    return STANDARD_TYPES.has(type) ? refuse('mls-malformed') : ok({ kind: 'custom', type });
}
