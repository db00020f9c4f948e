import {
  layOut,
  MAX_ATTACHMENT_BYTES,
  UPLOAD_OFFSET_HEADER,
  type BlobLayout,
  type Placement,
  type Result,
} from '../../core/index.ts';
import { clusterOf, type RelayEnvironment, type UploadTurn } from '../../durable-objects/index.ts';
import { uploadMemory, type Caller, type RelayRefusal } from '../../relay/index.ts';
import type { RequestGate } from '../http/request-gate.ts';
import { responseHeaders } from '../http/response-headers.ts';
import { chainObject } from './objects.ts';
import { problemResponse } from './problem.ts';
import { UploadTaker, type UploadBody, type UploadProgress } from './take-upload.ts';

export interface UploadCall {
  readonly env: RelayEnvironment;
  readonly chain: string;
  readonly hash: string;
  /** Bytes that were stored before. */
  readonly offset: number;
  /** Bytes of the whole, or fewer: as far as the request tells. */
  readonly size: number;
  /** Asks the chain's object, which says who may and whose turn it is. */
  readonly takeTurn: (caller: Caller) => Promise<Result<UploadTurn, RelayRefusal>>;
}

/** Takes the body of a request for an upload, once there is memory for it (`UP7`) and it is this caller's turn. */
export async function receiveAttachment(gate: RequestGate, request: Request, call: UploadCall): Promise<Response> {
  const signed = await gate.admitStream(request, MAX_ATTACHMENT_BYTES);
  if (!signed.ok) return problemResponse(signed.error);
  const cluster = await clusterOf(call.env);
  if (cluster === undefined) return problemResponse({ code: 'no-cluster' });
  // Before it is anybody's turn, so that who has to come back has lost and used nothing.
  let held = uploadMemory(layoutOf(cluster.placement, call.size), call.offset);
  if (!cluster.memory.take(held)) return problemResponse({ code: 'too-many-transfers' });
  try {
    const turn = await call.takeTurn(signed.value.caller);
    if (!turn.ok) return problemResponse(turn.error);
    // A request that brings a small part of a large upload fills rows that are as large as any.
    const more = uploadMemory(layoutOf(cluster.placement, turn.value.size), turn.value.offset) - held;
    if (more > 0) {
      if (!cluster.memory.take(more)) return problemResponse({ code: 'too-many-transfers' });
      held += more;
    }
    return await takeBody({ bytes: request.body, digest: signed.value.digest }, turn.value, call);
  } finally {
    cluster.memory.give(held);
  }
}

async function takeBody(body: UploadBody, turn: UploadTurn, { env, chain, hash }: UploadCall): Promise<Response> {
  const cluster = await clusterOf(env, turn.placement);
  if (cluster === undefined) return problemResponse({ code: 'no-cluster' });
  const taken = await new UploadTaker(turn, cluster, chainObject(env, chain)).take(body);
  return taken.ok ? progressResponse(taken.value, `/v1/chains/${chain}/blobs/${hash}`) : problemResponse(taken.error);
}

/** The layout that an upload of this size would have, whatever it says of itself. */
function layoutOf({ dataShards, slots }: Placement, size: number): BlobLayout {
  const blobBytes = Math.max(1, Math.min(size, MAX_ATTACHMENT_BYTES));
  return layOut(blobBytes, { dataShards, totalShards: slots.length });
}

function progressResponse(progress: UploadProgress, location: string): Response {
  if (progress.kind === 'begun') return offsetResponse(202, progress.offset);
  return new Response(null, { status: 201, headers: responseHeaders(undefined, { location }) });
}

/** How many bytes of an upload are kept for sure. */
export function offsetResponse(status: 202 | 204, offset: number): Response {
  return new Response(null, {
    status,
    headers: responseHeaders(undefined, { [UPLOAD_OFFSET_HEADER]: String(offset) }),
  });
}
