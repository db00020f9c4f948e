import type { AdminRootRefusal } from './admin-root.ts';

/** Why a registry does not take what was signed for it. Each follows from its state, the event and the entry's time. */
export type RegistryRefusal =
  | AdminRootRefusal
  | ManifestRefusal
  | SignerRefusal
  | { readonly code: 'wrong-registry' }
  | { readonly code: 'wrong-admin-epoch'; readonly epoch: number }
  | { readonly code: 'root-out-of-order'; readonly epoch: number }
  | { readonly code: 'root-expired'; readonly expiresAt: number }
  | { readonly code: 'admin-key-revoked'; readonly key: Uint8Array }
  | { readonly code: 'module-revoked'; readonly at: number }
  | { readonly code: 'module-already-published'; readonly at: number }
  | { readonly code: 'module-version-not-rising'; readonly version: number }
  | { readonly code: 'wrong-previous-version'; readonly previous: Uint8Array | undefined }
  | { readonly code: 'module-not-yet-valid'; readonly notBefore: number }
  | { readonly code: 'module-expired'; readonly expiresAt: number }
  | { readonly code: 'nothing-revoked' }
  | { readonly code: 'already-revoked' }
  | { readonly code: 'too-few-admins'; readonly threshold: number; readonly left: number }
  | { readonly code: 'registry-full'; readonly limit: number; readonly actual: number };

/** What is wrong with a manifest, whichever registry it is for. */
export type ManifestRefusal =
  | { readonly code: 'invalid-module-manifest'; readonly reason: 'name' | 'version' | 'fuel' | 'pages' | 'size' }
  | { readonly code: 'unsupported-module-abi'; readonly abi: number }
  | { readonly code: 'module-too-large'; readonly limitBytes: number; readonly actualBytes: number };

/** What is wrong with the signatures under a statement. */
export type SignerRefusal =
  | { readonly code: 'signer-repeated'; readonly key: Uint8Array }
  | { readonly code: 'signer-unknown'; readonly key: Uint8Array }
  | { readonly code: 'signer-revoked'; readonly key: Uint8Array }
  | { readonly code: 'threshold-not-met'; readonly threshold: number; readonly actual: number }
  | { readonly code: 'admin-signature-invalid'; readonly key: Uint8Array };
