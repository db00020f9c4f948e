import { jsonResponse } from './answer-response.ts';
import { describeRoute } from './describe-route.ts';
import { DOCS_CSP, renderDocs } from './docs-page/page.ts';
import { prefersHtml } from './negotiation.ts';
import { describeApi, type ApiDocument } from './openapi-document.ts';
import { noParameters, noQuery } from './parameters.ts';
import type { RelayApp } from './relay-app.ts';
import { PAGE_HEADERS, responseHeaders } from '../http/response-headers.ts';

const TAG = 'The relay';
/** The same for everybody until the next version. */
const PUBLIC = { 'cache-control': 'public, max-age=300' };

const openapiRoute = describeRoute({
  method: 'get',
  path: '/openapi.json',
  tag: TAG,
  summary: 'This description as OpenAPI 3.1',
  description: 'Made from the schemas that check requests.',
  access: 'open',
  params: noParameters,
  query: noQuery,
  answer: { status: 200, description: 'OpenAPI.', content: { 'application/json': { schema: { type: 'object' } } } },
  problems: [],
});

const docsRoute = describeRoute({
  method: 'get',
  path: '/docs',
  tag: TAG,
  summary: 'This description for people',
  description: 'Needs no script and no other host. Each problem code is an anchor.',
  access: 'open',
  params: noParameters,
  query: noQuery,
  answer: { status: 200, description: 'HTML.', content: { 'text/html': { schema: { type: 'string' } } } },
  problems: [],
});

/** What people type who look for it (`HT12`). Programs are told that there is nothing, so the API doesn't list these. */
const LEADING_TO_DOCS = ['/', '/docs/'];

/** The API's description of itself, made at the first request: most isolates never serve it. */
export function addDocumentationRoutes(app: RelayApp): void {
  let document: ApiDocument | undefined;
  let page: string | undefined;
  const describe = (): ApiDocument => (document ??= describeApi(app));

  app.openapi(openapiRoute, () => jsonResponse(describe(), 200, PUBLIC));

  app.openapi(docsRoute, () => {
    page ??= renderDocs(describe());
    const headers = responseHeaders('text/html; charset=utf-8', {
      ...PAGE_HEADERS,
      ...PUBLIC,
      'content-security-policy': DOCS_CSP,
    });
    return new Response(page, { headers });
  });

  for (const path of LEADING_TO_DOCS) {
    app.get(path, (c) => (prefersHtml(c.req.header('accept') ?? null) ? redirectToDocs() : c.notFound()));
  }
}

function redirectToDocs(): Response {
  return new Response(null, { status: 302, headers: responseHeaders(undefined, { location: '/docs' }) });
}
