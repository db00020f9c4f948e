import type { MlsKeyPackage } from './key-package.ts';
import type { MlsLeaf } from './leaf.ts';

/** A proposal (RFC 9420 §12.1). Kinds that this version gives no meaning to are named and not read further. */
export type MlsProposal =
  | { readonly kind: 'add'; readonly keyPackage: MlsKeyPackage }
  | { readonly kind: 'remove'; readonly leafIndex: number }
  | { readonly kind: 'update'; readonly leaf: MlsLeaf }
  | { readonly kind: 'psk' | 'reinit' | 'external-init' | 'group-context-extensions' }
  | { readonly kind: 'custom'; readonly type: number };
