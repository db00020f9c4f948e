import type { Extension } from 'ts-mls';
import { encodeExternalSenders } from 'ts-mls/externalSender.js';
import { encodeMlsMessage } from 'ts-mls/message.js';
import { equalBytes } from '../bytes/index.ts';
import { encodeCredentialIdentity, parseCredentialIdentity, type CredentialIdentity } from './credential.ts';
import { readGroupExtensions } from './public-group/group-extensions.ts';
import type { PublicGroup } from './public-group/public-group.ts';
import { mlsSignatureJob, withoutTrailing } from './signed-bytes.ts';

/** Somebody who may propose from outside the group (RFC 9420 §12.1.8.1). Says nothing about the binding's truth. */
export interface ExternalSender {
  readonly signatureKey: Uint8Array;
  readonly identity: CredentialIdentity;
}

/** The extension of a GroupContext that lets this one sender propose. */
export function externalSenderExtension({ signatureKey, identity }: ExternalSender): Extension {
  const credential = { credentialType: 'basic', identity: encodeCredentialIdentity(identity) } as const;
  const extensionData = encodeExternalSenders([{ signaturePublicKey: signatureKey, credential }]);
  return { extensionType: 'external_senders', extensionData };
}

/** Undefined where there is none at that index, or one whose credential is unbound. */
export function externalSenderAt(extensions: readonly Extension[], index: number): ExternalSender | undefined {
  const { credential, signaturePublicKey: signatureKey } = sendersIn(extensions)[index] ?? {};
  const identity = credential?.credentialType === 'basic' ? parseCredentialIdentity(credential.identity) : undefined;
  return identity && signatureKey && { signatureKey, identity };
}

/** The index of the external sender with this key, whatever its credential; undefined where the group has none. */
export function externalSenderIndex({ context }: PublicGroup, key: Uint8Array): number | undefined {
  const index = sendersIn(context.extensions).findIndex(({ signaturePublicKey }) =>
    equalBytes(signaturePublicKey, key),
  );
  return index < 0 ? undefined : index;
}

function sendersIn(extensions: readonly Extension[]) {
  const read = readGroupExtensions(extensions);
  return read.ok ? read.value.externalSenders : [];
}

export interface ExternalRemoval {
  readonly senderIndex: number;
  readonly leafIndex: number;
  readonly authenticatedData: Uint8Array;
  /** By the key of that sender. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

const NOTHING = new Uint8Array();

/** An MLSMessage with an external sender's Remove, of the group's epoch. Its signature doesn't cover the GroupContext (RFC 9420 §6.1). */
export function proposeRemoval({ context }: Pick<PublicGroup, 'context'>, removal: ExternalRemoval): Uint8Array {
  const { senderIndex, leafIndex, authenticatedData, sign } = removal;
  const withSignature = (signature: Uint8Array): Uint8Array =>
    encodeMlsMessage({
      version: 'mls10',
      wireformat: 'mls_public_message',
      publicMessage: {
        senderType: 'external',
        content: {
          groupId: context.groupId,
          epoch: context.epoch,
          sender: { senderType: 'external', senderIndex },
          authenticatedData,
          contentType: 'proposal',
          proposal: { proposalType: 'remove', remove: { removed: leafIndex } },
        },
        auth: { contentType: 'proposal', signature },
      },
    });
  const content = withoutTrailing(withSignature(NOTHING), NOTHING);
  const job = mlsSignatureJob({ key: NOTHING, label: 'FramedContentTBS', content, signature: NOTHING });
  return withSignature(sign(job.message));
}
