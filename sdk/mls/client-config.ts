import type { ClientConfig, Credential, KeyPackage, LeafNode } from 'ts-mls';
import { equalBytes } from '../../core/index.ts';
import { bindingJob, parseCredentialIdentity } from '../../core/mls/index.ts';
import { isGenuine } from './suite.ts';

/** Epochs before the current one whose messages can still be read: as many as the relay accepts them for (`ML42`). */
export const RETAINED_EPOCHS = 3;
/** Skipped messages of one sender whose keys are kept, in case they arrive late. */
const RETAINED_GENERATIONS = 64;
/**
 * How far one message may be ahead of the last one from its sender. Expired payloads leave gaps of this kind; each step
 * costs a derivation, so a member who lies about its position wastes at most this many.
 */
const MAX_SKIPPED_GENERATIONS = 2000;

/** How ts-mls decides what it leaves to the application, in a group of this suite. */
export function clientConfigFor(suite: number): ClientConfig {
  const validateCredential = (credential: Credential, key: Uint8Array) => isBound(credential, key, suite);
  return { ...CONFIG, authService: { validateCredential } };
}

const CONFIG: Omit<ClientConfig, 'authService'> = {
  keyPackageEqualityConfig: {
    compareKeyPackages: (a, b) => isSameActor(a.leafNode, b.leafNode),
    compareKeyPackageToLeafNode: (keyPackage: KeyPackage, leaf: LeafNode) => isSameActor(keyPackage.leafNode, leaf),
  },
  keyRetentionConfig: {
    retainKeysForEpochs: RETAINED_EPOCHS,
    retainKeysForGenerations: RETAINED_GENERATIONS,
    maximumForwardRatchetSteps: MAX_SKIPPED_GENERATIONS,
  },
  // Whoever adds a member checks its lifetime against the clock that it was given. Those who follow don't: a commit that
  // some refuse for the time of day would split the group.
  lifetimeConfig: { maximumTotalLifetime: 0n, validateLifetimeOnReceive: false },
  // Each message brings its own, see padding.ts.
  paddingConfig: { kind: 'alwaysPad', paddingLength: 0 },
};

/** The check that every leaf passes before it counts: its actor signed for its signature key (`ML3`). */
async function isBound(credential: Credential, signatureKey: Uint8Array, suite: number): Promise<boolean> {
  const identity = credential.credentialType === 'basic' ? parseCredentialIdentity(credential.identity) : undefined;
  return identity !== undefined && (await isGenuine([bindingJob(identity, suite, signatureKey)]));
}

function isSameActor(a: Pick<LeafNode, 'credential'>, b: Pick<LeafNode, 'credential'>): boolean {
  const [first, second] = [actorOf(a), actorOf(b)];
  return first !== undefined && second !== undefined && equalBytes(first, second);
}

function actorOf({ credential }: Pick<LeafNode, 'credential'>): Uint8Array | undefined {
  return credential.credentialType === 'basic' ? parseCredentialIdentity(credential.identity)?.actor : undefined;
}
