import { MAX_ATTACHMENT_BYTES, UPLOAD_OFFSET_HEADER, type ProblemCode } from '../../core/index.ts';
import { clusterOf, openedNodes } from '../../durable-objects/index.ts';
import { contentOf, describeRoute } from './describe-route.ts';
import { chainObject } from './objects.ts';
import {
  attachmentParameters,
  bytesOfName,
  chainParameters,
  noQuery,
  uploadOffsetQuery,
  uploadQuery,
  uploadResumeQuery,
} from './parameters.ts';
import { PAYLOAD } from './presentations.ts';
import { problemResponse } from './problem.ts';
import { offsetResponse, receiveAttachment } from './receive-attachment.ts';
import type { RelayApp, Services } from './relay-app.ts';
import { sendAttachment } from './send-attachment.ts';

const TAG = 'Attachments';
const OF_UPLOADS: readonly ProblemCode[] = [
  'no-cluster',
  'not-found',
  'not-permitted',
  'upload-offset',
  'attachment-mismatch',
  'too-many-transfers',
  'unsupported-media-type',
];
const body = { limitBytes: MAX_ATTACHMENT_BYTES };

const uploadRoute = describeRoute({
  method: 'post',
  path: '/v1/chains/{chain}/blobs',
  tag: TAG,
  summary: 'Bring an attachment',
  description:
    'The whole of it, or the first part; an empty body begins the upload alone. 201 says that it is kept, with its address in ' +
    `Location; 202 that bytes are missing, with the offset to go on from in ${UPLOAD_OFFSET_HEADER}. Signed is the digest of the ` +
    'body; hash and size are those of the whole. An upload that does not get on for an hour is dropped.',
  access: 'actor',
  params: chainParameters,
  query: uploadQuery,
  body,
  answer: { status: 201, description: 'The attachment is kept.' },
  others: [{ status: 202, description: 'The upload is begun.' }],
  problems: [...OF_UPLOADS, 'attachments-full', 'too-many-uploads'],
});

const resumeRoute = describeRoute({
  method: 'patch',
  path: '/v1/chains/{chain}/blobs',
  tag: TAG,
  summary: 'Go on with an upload',
  description: `The bytes from the upload's offset on, to the end or as far as they go. Answers as the request that began it does.`,
  access: 'actor',
  params: chainParameters,
  query: uploadResumeQuery,
  body,
  answer: { status: 201, description: 'The attachment is kept.' },
  others: [{ status: 202, description: 'More is missing.' }],
  problems: OF_UPLOADS,
});

const offsetRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/blobs',
  tag: TAG,
  summary: 'Ask for the offset of an upload',
  description: `How far the caller's own upload is, in ${UPLOAD_OFFSET_HEADER}; HEAD says the same.`,
  access: 'actor',
  params: chainParameters,
  query: uploadOffsetQuery,
  answer: { status: 204, description: 'The offset is in the header.' },
  problems: ['no-cluster', 'not-found', 'not-permitted'],
});

const readRoute = describeRoute({
  method: 'get',
  path: '/v1/chains/{chain}/blobs/{hash}',
  tag: TAG,
  summary: 'Read an attachment',
  description:
    'The bytes whose SHA-256 is the hash, or one range of them (RFC 9110 §14), for those who are in the group. HEAD gives the ' +
    'headers. Fewer bytes than announced mean that nodes failed on the way: ask for the rest by a range.',
  access: 'reader',
  params: attachmentParameters,
  query: noQuery,
  answer: { status: 200, description: 'The attachment.', content: contentOf(PAYLOAD) },
  others: [{ status: 206, description: 'The range.', content: contentOf(PAYLOAD) }],
  problems: ['no-cluster', 'payload-expired', 'range-not-satisfiable', 'attachment-inconsistent', 'too-many-transfers'],
});

/** Attachments: the chain's object says who may, and the bytes go between the caller and the nodes alone (`UP1` to `UP7`). */
export function addAttachmentRoutes(app: RelayApp, { gate }: Services): void {
  app.openapi(uploadRoute, (c) => {
    const { chain } = c.req.valid('param');
    const { hash, size } = c.req.valid('query');
    return receiveAttachment(gate, c.req.raw, {
      ...{ env: c.env, chain, hash, offset: 0, size },
      takeTurn: (caller) => chainObject(c.env, chain).beginUpload(caller, bytesOfName(hash), size),
    });
  });

  app.openapi(resumeRoute, (c) => {
    const { chain } = c.req.valid('param');
    const { hash, offset } = c.req.valid('query');
    return receiveAttachment(gate, c.req.raw, {
      ...{ env: c.env, chain, hash, offset, size: offset + announcedBytes(c.req.raw) },
      takeTurn: (caller) => chainObject(c.env, chain).resumeUpload(caller, bytesOfName(hash), offset),
    });
  });

  app.openapi(offsetRoute, async (c) => {
    const signed = await gate.admitSigned(c.req.raw, 0);
    if (!signed.ok) return problemResponse(signed.error);
    if (openedNodes(c.env) === undefined) return problemResponse({ code: 'no-cluster' });
    const hash = bytesOfName(c.req.valid('query').hash);
    const offset = await chainObject(c.env, c.req.valid('param').chain).uploadOffset(signed.value.caller, hash);
    return offset.ok ? offsetResponse(204, offset.value) : problemResponse(offset.error);
  });

  app.openapi(readRoute, async (c) => {
    const reader = await gate.admitReader(c.req.raw);
    if (!reader.ok) return problemResponse(reader.error);
    if (openedNodes(c.env) === undefined) return problemResponse({ code: 'no-cluster' });
    const { chain: name, hash } = c.req.valid('param');
    const chain = chainObject(c.env, name);
    const found = await chain.attachment(reader.value, bytesOfName(hash));
    if (!found.ok) return problemResponse(found.error);
    const cluster = await clusterOf(c.env, found.value.placement);
    if (cluster === undefined) return problemResponse({ code: 'no-cluster' });
    return sendAttachment(c.req.raw, found.value, {
      cluster,
      noteMissing: (shards) => chain.noteMissing(found.value.id, shards),
      waitUntil: (work) => c.executionCtx.waitUntil(work),
    });
  });
}

/** The most that can come, where the request does not say. */
function announcedBytes({ headers }: Request): number {
  return Number(headers.get('content-length') ?? MAX_ATTACHMENT_BYTES);
}
