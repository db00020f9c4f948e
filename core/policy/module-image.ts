import type { Brand } from '../bytes/index.ts';
import type { FunctionType, ValueType } from './value-type.ts';

/** Places in the module, from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface GlobalType {
  readonly type: ValueType;
  readonly isMutable: boolean;
}

export interface FunctionBody extends ByteRange {
  /** Where its code begins, after the declarations of locals. */
  readonly code: number;
  /** How many locals it has besides its parameters. */
  readonly locals: number;
}

/** The parts of a module, in its own numbering. */
export interface ModuleImage {
  readonly bytes: Uint8Array;
  /** Of what each section but the custom ones holds, by the section's id. */
  readonly sections: ReadonlyMap<number, ByteRange>;
  readonly types: readonly FunctionType[];
  /** The type of each function. */
  readonly functions: readonly FunctionType[];
  readonly tableElements: number | undefined;
  /** In pages of 64 KiB. */
  readonly memory: { readonly minimum: number; readonly maximum: number } | undefined;
  readonly globals: readonly GlobalType[];
  /** Names of what it exports. */
  readonly exports: ReadonlySet<string>;
  readonly dataCount: number | undefined;
  readonly bodies: readonly FunctionBody[];
}

/** A module that keeps every rule of `PM2`–`PM9`. Only the verifier makes one. */
export type VerifiedModule = Brand<ModuleImage, 'VerifiedModule'>;

/** An image as it grows while a module is read. */
export class ModuleDraft implements ModuleImage {
  readonly bytes: Uint8Array;
  readonly sections = new Map<number, ByteRange>();
  readonly types: FunctionType[] = [];
  readonly functions: FunctionType[] = [];
  tableElements: number | undefined;
  memory: { readonly minimum: number; readonly maximum: number } | undefined;
  readonly globals: GlobalType[] = [];
  readonly exports = new Set<string>();
  dataCount: number | undefined;
  dataSegments = 0;
  readonly bodies: FunctionBody[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
