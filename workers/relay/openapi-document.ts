import {
  appendAnswer,
  appendRequest,
  chainDownFrame,
  chainUpFrame,
  claimedKeyPackage,
  claimOutcomes,
  commitBundle,
  entryCodec,
  entryPage,
  envelopePost,
  accountFollowing,
  epochProposals,
  eventDefinitions,
  eventTbs,
  isProblemCode,
  keyPackageClaim,
  keyPackageClaims,
  keyPackagePublication,
  keyPackageStock,
  mailboxAck,
  mailboxDownFrame,
  moduleList,
  moduleSubmission,
  registryAnswer,
  mailboxPage,
  mailboxUpFrame,
  problems,
  stateAnswer,
  submission,
  ticketAnswer,
  tokenRevocation,
  tokenState,
} from '../../core/index.ts';
import { SIGNATURE_SCHEME } from './describe-route.ts';
import { structureOf, type Structure } from './presentation.ts';
import type { RelayApp } from './relay-app.ts';
import { ACCEPT_SIGNATURE } from '../http/signature-policy.ts';
import { VERSION } from './version.ts';

export type ApiDocument = ReturnType<RelayApp['getOpenAPI31Document']>;

/** Every structure that a body, an answer or a frame is, and before them what travels inside: events and their bodies. */
export const STRUCTURES: readonly Structure[] = [
  eventTbs,
  ...eventDefinitions.map(({ body }) => body),
  entryCodec,
  submission,
  appendRequest,
  appendAnswer,
  commitBundle,
  entryPage,
  stateAnswer,
  accountFollowing,
  epochProposals,
  ticketAnswer,
  chainUpFrame,
  chainDownFrame,
  keyPackagePublication,
  keyPackageStock,
  keyPackageClaim,
  claimedKeyPackage,
  keyPackageClaims,
  claimOutcomes,
  mailboxPage,
  mailboxAck,
  envelopePost,
  tokenRevocation,
  tokenState,
  mailboxUpFrame,
  mailboxDownFrame,
  registryAnswer,
  moduleList,
  moduleSubmission,
].map(({ notation }) => structureOf(notation));

const TAGS = [
  ['Chains', 'Writing: what is posted carries its own signatures, so these requests are not signed again.'],
  ['Reading a chain', 'For members, former members up to their removal, and anybody where the genesis says public.'],
  ['Attachments', 'Large content, which lies at storage nodes until it expires. Whoever may send messages brings it.'],
  ['Transparency', 'Checkpoints and proofs in the formats of C2SP.'],
  ['Streams', 'WebSockets for what is new, opened by a ticket.'],
  ['Devices', 'KeyPackages, by which others add a device to their groups.'],
  ['Mailboxes', 'What waits for a device that is away.'],
  ['Registry', 'The modules that this deployment trusts, by what its admins signed.'],
  ['The cluster', 'The storage nodes, for operators.'],
  ['The relay', 'The relay itself.'],
].map(([name = '', description = '']) => ({ name, description }));

const INTRODUCTION =
  'An encrypted group over a verifiable chain. Bodies are TLS presentation language (RFC 8446 §3, RFC 9420 §2); every ' +
  'answer also has a JSON view for people, sent where Accept prefers application/json. 32-byte values in paths and JSON ' +
  'are base64url without padding, 64-bit integers decimal strings. Refusals are RFC 9457 problems with a stable code.';

/** OpenAPI 3.1 of all routes, from the schemas that validate them and the codecs that encode their bodies (`HT7`). */
export function describeApi(app: RelayApp): ApiDocument {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'TeraChat Relay',
      version: VERSION,
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    externalDocs: { url: '/docs', description: 'The same for people' },
  });
  const { schemas } = document.components ?? {};
  return {
    ...document,
    components: {
      ...document.components,
      schemas: { ...schemas, ...Object.fromEntries(STRUCTURES.map(describeStructure)), Problem: PROBLEM_SCHEMA },
      securitySchemes: { [SIGNATURE_SCHEME]: SIGNATURE_SECURITY },
    },
  };
}

/** Binary, so OpenAPI can only point at the definition; the definition itself rides along for tools without a browser. */
function describeStructure({ name, definition }: Structure) {
  const schema = {
    type: 'string' as const,
    format: 'binary',
    title: name,
    description: `TLS presentation language:\n\n\`\`\`\n${definition}\n\`\`\``,
    externalDocs: { url: `/docs#${name}` },
  };
  return [name, schema] as const;
}

const PROBLEM_SCHEMA = {
  type: 'object' as const,
  description: 'RFC 9457. Details of the refusal stand beside these members.',
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string' as const, format: 'uri-reference' },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    code: { type: 'string' as const, enum: Object.keys(problems).filter(isProblemCode) },
  },
};

/** How a request is signed, in words. */
export const SIGNING =
  'HTTP Message Signatures (RFC 9421) with the actor key. keyid is the actor, nonce 16 random bytes, both base64url; ' +
  'created and expires are seconds, at most 60 apart. Exactly these five components are covered. Content-Digest (RFC 9530) ' +
  'is the SHA-256 of the body, of an empty one too. A signature is good once.';

const SIGNATURE_SECURITY = {
  type: 'apiKey' as const,
  in: 'header' as const,
  name: 'Signature',
  description: `${SIGNING}\n\n\`${ACCEPT_SIGNATURE}\``,
};
