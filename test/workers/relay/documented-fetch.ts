import { expect } from 'vitest';
import { RELAY_URL } from './signed-request.ts';

interface Answers {
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

interface Paths {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Answers>>>>;
}

type Fetch = (request: Request) => Promise<Response>;

/**
 * Fetches, and fails the test where the relay answers what its own OpenAPI document does not say of that route; or anything
 * but `not-found` where the document has no such route (`HT1`).
 */
export function documentedFetch(fetch: Fetch): Fetch {
  let document: Promise<Paths> | undefined;
  return async (request) => {
    document ??= fetch(new Request(`${RELAY_URL}/openapi.json`)).then((answer) => answer.json() as Promise<Paths>);
    const { pathname } = new URL(request.url);
    const verb = request.method.toLowerCase();
    const response = await fetch(request);
    const { paths } = await document;
    const path = Object.keys(paths).find((pattern) => matches(pattern, pathname));
    const route = paths[path ?? '']?.[verb];
    if (route === undefined) {
      expect(await response.clone().json()).toMatchObject({ code: 'not-found' });
      return response;
    }
    const described = route.responses[response.status];
    expect(described, `${verb} ${pathname} answers ${response.status}`).toBeDefined();
    if (response.headers.get('content-type') === 'application/problem+json') {
      const { code } = (await response.clone().json()) as { readonly code: string };
      expect(described?.description.split(', '), `${verb} ${pathname}`).toContain(code);
    }
    return response;
  };
}

function matches(pattern: string, pathname: string): boolean {
  return new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(pathname);
}
