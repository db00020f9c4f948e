import { MEDIA_TYPE } from '../../core/index.ts';
import type { Answer } from '../../relay/index.ts';
import { prefersJson } from './negotiation.ts';
import type { Presentation } from './presentation.ts';
import { problemResponse } from './problem.ts';
import { BINARY_HEADERS, PAGE_HEADERS, responseHeaders, type HeaderValues } from '../http/response-headers.ts';

const JSON_TYPE = 'application/json';

/** What an object answered, in the form that the caller asked for; the only place that decides between the two. */
export function answerResponse(
  request: Request,
  answer: Answer,
  presentation: Presentation,
  init?: { readonly status?: number; readonly location?: string },
): Response {
  if (!answer.ok) return problemResponse(answer.error);
  const { contentType, view } = presentation;
  const status = init?.status ?? 200;
  const extra = init?.location === undefined ? undefined : { location: init.location };
  const [nativeType = ''] = contentType.split(';');
  if (prefersJson(request.headers.get('accept'), nativeType)) {
    return jsonResponse(view(answer.value), status, extra);
  }
  const isPlain = contentType === MEDIA_TYPE && extra === undefined;
  return new Response(answer.value, {
    status,
    headers: isPlain ? BINARY_HEADERS : responseHeaders(contentType, extra),
  });
}

/** What people read first is indented: these answers are small and their cost is not on any hot path. */
export function jsonResponse(value: unknown, status = 200, extra?: HeaderValues): Response {
  return new Response(`${JSON.stringify(value, null, 2)}\n`, {
    status,
    headers: responseHeaders(JSON_TYPE, { ...PAGE_HEADERS, ...extra }),
  });
}

/** For calls that only succeed or fail. */
export function emptyResponse(answer: Answer): Response {
  return answer.ok
    ? new Response(null, { status: 204, headers: responseHeaders(undefined) })
    : problemResponse(answer.error);
}
