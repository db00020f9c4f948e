import {
  accountFollowing,
  appendAnswer,
  claimedKeyPackage,
  claimOutcomes,
  entryPage,
  epochProposals,
  keyPackageStock,
  mailboxPage,
  moduleList,
  parseCheckpoint,
  parseLogProof,
  parseState,
  registryAnswer,
  stateAnswer,
  ticketAnswer,
  tokenState,
  toBase64Url,
  viewEntry,
  viewState,
  type AppendAnswer,
  type EntryPage,
  type Json,
  type RegistryAnswer,
  type StateAnswer,
} from '../../core/index.ts';
import { opaqueBytes, plainText, structured, wasmModule } from './presentation.ts';

/** Every form in which this relay answers bytes, each with its JSON view. */
export const KEY_PACKAGE_STOCK = structured(keyPackageStock);
export const CLAIMED_KEY_PACKAGE = structured(claimedKeyPackage);
export const CLAIM_OUTCOMES = structured(claimOutcomes);
export const MAILBOX_PAGE = structured(mailboxPage);
export const TOKEN_STATE = structured(tokenState);
export const TICKET = structured(ticketAnswer);
export const PAYLOAD = opaqueBytes('payload', toBase64Url);
export const MODULE_LIST = structured(moduleList);
export const MODULE = wasmModule('module', toBase64Url);
export const FOLLOWING = structured(accountFollowing);
export const PROPOSALS = structured(epochProposals);
export const GROUP_INFO = opaqueBytes('groupInfo', toBase64Url);
export const RATCHET_TREE = opaqueBytes('ratchetTree', toBase64Url);

const READABLE = { type: 'object', description: 'The bytes of this structure in readable form.' };
const TEXT = { type: 'string' };
const PROBLEM = { $ref: '#/components/schemas/Problem' };

export const APPEND_ANSWER = structured(appendAnswer, {
  view: (answer: AppendAnswer): Json => ({
    outcomes: answer.outcomes.map((outcome) =>
      outcome.kind === 'refused'
        ? { kind: outcome.kind, value: JSON.parse(outcome.value.problem) as Json }
        : {
            kind: outcome.kind,
            value: {
              index: String(outcome.value.index),
              relayTime: String(outcome.value.relayTime),
              prev: toBase64Url(outcome.value.prev),
            },
          },
    ),
    checkpoint: answer.checkpoint,
  }),
  schema: {
    type: 'object',
    required: ['outcomes', 'checkpoint'],
    properties: {
      outcomes: {
        type: 'array',
        items: {
          oneOf: [
            { type: 'object', properties: { kind: { const: 'accepted' }, value: READABLE } },
            { type: 'object', properties: { kind: { const: 'refused' }, value: PROBLEM } },
          ],
        },
      },
      checkpoint: TEXT,
    },
  },
});

export const ENTRY_PAGE = structured(entryPage, {
  view: ({ entries, checkpoint }: EntryPage): Json => ({
    entries: entries.map(({ entry, payload }) => ({
      entry: viewEntry(entry),
      payload: payload === undefined ? null : toBase64Url(payload),
    })),
    checkpoint,
  }),
  schema: {
    type: 'object',
    required: ['entries', 'checkpoint'],
    properties: {
      entries: {
        type: 'array',
        items: {
          type: 'object',
          required: ['entry', 'payload'],
          properties: {
            entry: READABLE,
            payload: { anyOf: [{ ...TEXT, description: 'base64url' }, { type: 'null' }] },
          },
        },
      },
      checkpoint: TEXT,
    },
  },
});

const STATE_SCHEMA = {
  type: 'object',
  required: ['index', 'digest', 'state', 'checkpoint'],
  properties: { index: TEXT, digest: { ...TEXT, description: 'base64url' }, state: READABLE, checkpoint: TEXT },
};

export const STATE = structured(stateAnswer, { view: viewStateAnswer, schema: STATE_SCHEMA });

export const REGISTRY = structured(registryAnswer, {
  view: ({ registry, state }: RegistryAnswer): Json => ({
    registry: toBase64Url(registry),
    state: viewStateAnswer(state),
  }),
  schema: {
    type: 'object',
    required: ['registry', 'state'],
    properties: { registry: { ...TEXT, description: 'base64url' }, state: STATE_SCHEMA },
  },
});

function viewStateAnswer({ index, digest, state, checkpoint }: StateAnswer): Json {
  const parsed = parseState(state);
  if (parsed === undefined) throw new Error('a chain answered bytes that are no state');
  return { index: String(index), digest: toBase64Url(digest), state: viewState(parsed), checkpoint };
}

export const CHECKPOINT = plainText(
  (note) => {
    const checkpoint = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
    if (!checkpoint.ok) throw new Error(`a chain answered a note that is ${checkpoint.error.code}`);
    const { origin, size, root } = checkpoint.value;
    return { origin, size: String(size), root: toBase64Url(root), note };
  },
  {
    type: 'object',
    required: ['origin', 'size', 'root', 'note'],
    properties: { origin: TEXT, size: TEXT, root: { ...TEXT, description: 'base64url' }, note: TEXT },
  },
);

export const VKEY = plainText((vkey) => ({ vkey }), { type: 'object', required: ['vkey'], properties: { vkey: TEXT } });

export const PROOF = plainText(
  (text) => {
    const proof = parseLogProof(text);
    if (!proof.ok) throw new Error(`a chain answered a proof that is ${proof.error.code}`);
    const { index, path, checkpoint } = proof.value;
    return { index: String(index), path: path.map(toBase64Url), checkpoint };
  },
  {
    type: 'object',
    required: ['index', 'path', 'checkpoint'],
    properties: {
      index: TEXT,
      path: { type: 'array', items: { ...TEXT, description: 'base64url' } },
      checkpoint: TEXT,
    },
  },
);
