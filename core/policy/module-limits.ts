/** The bounds of a policy module (`PM9`). All are far below what engines bear, so that none of them has the last word. */
export const MAX_MODULE_BYTES = 524_288;
export const MAX_CUSTOM_SECTIONS = 32;
export const MAX_CUSTOM_BYTES = 131_072;
export const MAX_TYPES = 1_024;
export const MAX_PARAMETERS = 32;
export const MAX_FUNCTIONS = 4_096;
export const MAX_TABLE_ELEMENTS = 4_096;
export const MAX_MEMORY_PAGES = 256;
export const MAX_GLOBALS = 1_024;
export const MAX_ELEMENT_SEGMENTS = 256;
export const MAX_DATA_SEGMENTS = 1_024;
export const MAX_BODY_BYTES = 65_536;
/**
 * A frame holds at most this many locals and as many operands, 8 bytes each. 128 frames are then half a mebibyte, and
 * engines give a thread one: the depth limit always comes before their own, which differs from engine to engine.
 */
export const MAX_LOCALS = 256;
export const MAX_OPERANDS = 256;
export const MAX_NESTING = 128;
export const MAX_BRANCH_TARGETS = 4_096;

/** A page of the memory of a WebAssembly module. */
export const WASM_PAGE_BYTES = 65_536;
