import {
  sha256,
  utf8ToBytes,
  type Genesis,
  type HandshakeMode,
  type MlsCommit,
  type MlsCreated,
  type MlsProposal,
  type MlsReinitialised,
} from '../../core/index.ts';

/** Stands for the hash of something; the same bytes for the same words. */
export function hashOf(words: string): Uint8Array {
  return sha256(utf8ToBytes(words));
}

const common = {
  nonce: hashOf('nonce'),
  relayName: 'relay.example',
  checkpointKey: hashOf('checkpoint key'),
  successor: { actors: [hashOf('successor')], threshold: 1 },
  visibility: 'private',
  retentionMs: 30 * 86_400_000,
} as const;

export function groupGenesis(
  membership: 'plain' | 'mls' = 'plain',
  fields: Partial<Genesis> = {},
  handshakes: HandshakeMode = 'public',
): Genesis {
  const modes = { handshakes, credentials: 'bound', authenticatedData: 'required' } as const;
  return { ...common, parameters: { kind: 'group', value: { membership, ...modes } }, ...fields };
}

export function identityGenesis(fields: Partial<Genesis> = {}): Genesis {
  return { ...common, parameters: { kind: 'identity', value: {} }, ...fields };
}

export const createdBody: MlsCreated = {
  ciphersuite: 1,
  groupInfoHash: hashOf('GroupInfo 0'),
  groupInfoSize: 100,
  treeHash: hashOf('tree 0'),
};

/** A commit that ends `epoch` and changes the roster as told, with a Welcome for each actor that it adds. */
export function commitBody(epoch: number, roster: Partial<MlsCommit['roster']> = {}): MlsCommit {
  const { added = [], removed = [] } = roster;
  return {
    epoch,
    commitHash: hashOf(`commit ${epoch}`),
    commitSize: 200,
    groupInfoHash: hashOf(`GroupInfo ${epoch + 1}`),
    groupInfoSize: 300,
    treeHash: hashOf(`tree ${epoch + 1}`),
    welcomeRefs: added.map(({ actor }) => ({ actor, keyPackageRef: hashOf('KeyPackage') })),
    roster: { added, removed },
  };
}

export function proposalBody(epoch: number, purpose: MlsProposal['purpose']): MlsProposal {
  return {
    epoch,
    purpose,
    proposalRef: hashOf(`ProposalRef ${epoch}`),
    proposalHash: hashOf(`proposal ${epoch}`),
    proposalSize: 150,
  };
}

/** Of the commit at entry 2, which ended epoch 0. */
export const reportBody = {
  index: 2,
  commitHash: hashOf('commit 0'),
  fault: 'path-secret',
  leafIndex: 1,
} as const;

/** Ends epoch 1, and the group. */
export const reinitBody: MlsReinitialised = {
  epoch: 1,
  commitHash: hashOf('commit 1'),
  commitSize: 200,
  groupInfoHash: hashOf('GroupInfo 2'),
  groupInfoSize: 300,
  treeHash: hashOf('tree 2'),
  successor: hashOf('successor chain'),
  ciphersuite: 0xf0a2,
};

export const messageBody = { epoch: 0, contentType: 0, payloadHash: hashOf('payload'), payloadSize: 12 };
