import {
  bytesToUtf8,
  decodeTrusted,
  MEDIA_TYPE,
  printNotation,
  viewSchemaOf,
  type Codec,
  type Json,
  type JsonSchema,
  type Notation,
} from '../../core/index.ts';

const TEXT_TYPE = 'text/plain; charset=utf-8';
const WASM_TYPE = 'application/wasm';

/** How an object's bytes reach a caller: as they are, or as a JSON view for people (`WI7`). */
export interface Presentation {
  /** Content-Type of the bytes as they are. */
  readonly contentType: string;
  /** For bytes of this relay's own objects: throws where they are not what was promised. */
  readonly view: (bytes: Uint8Array) => Json;
  readonly viewSchema: JsonSchema;
  /** The named structure that the bytes are, where they are one. */
  readonly structure?: Structure;
}

/** A named TLS structure and its printed definition. */
export interface Structure {
  readonly name: string;
  readonly definition: string;
}

/** Throws for a notation without a name: what has a page of its own in the docs needs one. */
export function structureOf(notation: Notation): Structure {
  if (!('name' in notation)) throw new TypeError('a structure that crosses the wire has a name');
  return { name: notation.name, definition: printNotation(notation) };
}

/** `readable` replaces what the codec says where a field holds bytes that have a readable form themselves. */
export function structured<T>(
  codec: Codec<T>,
  readable?: { readonly view: (value: T) => Json; readonly schema: JsonSchema },
): Presentation {
  return {
    contentType: MEDIA_TYPE,
    view: (bytes) => (readable?.view ?? codec.view)(decodeTrusted(codec, bytes)),
    viewSchema: readable?.schema ?? viewSchemaOf(codec.notation),
    structure: structureOf(codec.notation),
  };
}

/** Bytes whose inside the relay does not open. */
export function opaqueBytes(name: string, toText: (bytes: Uint8Array) => string): Presentation {
  return {
    contentType: MEDIA_TYPE,
    view: (bytes) => ({ [name]: toText(bytes) }),
    viewSchema: { type: 'object', properties: { [name]: { type: 'string', description: 'base64url' } } },
  };
}

/** The same in the media type that WebAssembly has of its own (RFC 9110 §8.3, core specification). */
export function wasmModule(name: string, toText: (bytes: Uint8Array) => string): Presentation {
  return { ...opaqueBytes(name, toText), contentType: WASM_TYPE };
}

export function plainText(view: (text: string) => Json, viewSchema: JsonSchema): Presentation {
  return {
    contentType: TEXT_TYPE,
    view: (bytes) => {
      const text = bytesToUtf8(bytes);
      if (text === undefined) throw new Error('an object answered bytes that are no text');
      return view(text);
    },
    viewSchema,
  };
}
