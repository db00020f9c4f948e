import { createRoute, type z } from '@hono/zod-openapi';
import { MEDIA_TYPE, problems, type JsonSchema, type ProblemCode } from '../../core/index.ts';
import type { Presentation, Structure } from './presentation.ts';
import { PROBLEM_TYPE } from '../http/problem-document.ts';

/** Who may call: anybody, readers of the chain, the actor who signs the request, or whoever signed what the body holds. */
export type Access = 'open' | 'reader' | 'actor' | 'event';

export interface RouteDescription<Path extends string, Parameters, Query> {
  readonly method: 'get' | 'post' | 'put' | 'patch';
  readonly path: Path;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly access: Access;
  readonly params: Parameters;
  readonly query: Query;
  /** Without a structure: opaque bytes. */
  readonly body?: { readonly structure?: Structure; readonly limitBytes: number };
  readonly answer: RouteAnswer;
  /** Other ways of success. */
  readonly others?: readonly RouteAnswer[];
  /** Problems besides those that every route of its kind can answer. */
  readonly problems: readonly ProblemCode[];
}

interface RouteAnswer {
  readonly status: number;
  readonly description: string;
  readonly content?: Content;
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

/** What any route may answer, and what each kind of access adds. */
const ALWAYS: readonly ProblemCode[] = ['malformed-request', 'rate-limited', 'relay-not-configured', 'internal'];
const OF_SIGNATURES: readonly ProblemCode[] = [
  'signature-invalid',
  'signature-expired',
  'digest-mismatch',
  'nonce-replayed',
  'body-too-large',
];
const OF_ACCESS: Readonly<Record<Access, readonly ProblemCode[]>> = {
  open: [],
  reader: [...OF_SIGNATURES, 'not-found', 'unavailable'],
  actor: [...OF_SIGNATURES, 'signature-required', 'unavailable'],
  event: ['malformed', 'body-too-large', 'unsupported-media-type', 'unavailable'],
};

export const SIGNATURE_SCHEME = 'actorSignature';

/** A route for the app and for the API description at once: what validates is what is published (`HT7`). */
export function describeRoute<const Path extends string, Parameters extends z.ZodObject, Query extends z.ZodObject>(
  description: RouteDescription<Path, Parameters, Query>,
) {
  const { method, path, tag, summary, access, params, query, body } = description;
  return createRoute({
    method,
    path,
    tags: [tag],
    summary,
    description: description.description,
    security: securityOf(access),
    request: { params, query, ...(body && { body: bodyOf(body) }) },
    responses: responsesOf(description),
  });
}

/** Both forms of an answer, with the binary one linked to its definition (`WI1`, `WI7`). */
export function contentOf({ contentType, structure, viewSchema }: Presentation): Content {
  const [mediaType = ''] = contentType.split(';');
  const native = structure ? referenceTo(structure) : { type: 'string' };
  return { [mediaType]: { schema: native }, 'application/json': { schema: viewSchema } };
}

function securityOf(access: Access): Record<string, string[]>[] {
  const signed = { [SIGNATURE_SCHEME]: [] };
  if (access === 'actor') return [signed];
  return access === 'reader' ? [signed, {}] : [];
}

function bodyOf({ structure, limitBytes }: { readonly structure?: Structure; readonly limitBytes: number }) {
  return {
    required: structure !== undefined,
    description: `${structure?.name ?? 'Bytes'}, at most ${limitBytes.toLocaleString('en')} bytes.`,
    content: { [MEDIA_TYPE]: { schema: structure ? referenceTo(structure) : BYTES } },
  };
}

const BYTES = { type: 'string', format: 'binary' } as const;

function referenceTo({ name }: Structure): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** Widened on purpose: handlers build their own responses, so a type for each status would say nothing more. */
function responsesOf({ answer, others = [], access, problems: own, body }: RouteDescription<string, unknown, unknown>) {
  const codes = new Set([...own, ...OF_ACCESS[access], ...(body ? OF_ACCESS.event.slice(0, 3) : []), ...ALWAYS]);
  const statuses = [...new Set([...codes].map((code) => problems[code].status))].sort((a, b) => a - b);
  const refusals = statuses.map((status) => {
    const names = [...codes].filter((code) => problems[code].status === status);
    return [status, refusalOf(names)] as const;
  });
  const successes = [answer, ...others].map(({ status, description, content }) => {
    return [status, { description, ...(content && { content }) }] as const;
  });
  return Object.fromEntries<{ description: string }>([...successes, ...refusals]);
}

function refusalOf(codes: readonly ProblemCode[]) {
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }, { type: 'object', properties: { code: { enum: codes } } }],
  };
  return { description: codes.join(', '), content: { [PROBLEM_TYPE]: { schema } } };
}
