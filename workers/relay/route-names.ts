import type { RelayApp } from './relay-app.ts';

const PARAMETER = /:(\w+)/g;
const VALUE = /^(?:[A-Za-z0-9_-]{43}|\d{1,16})$/;

/** What a path that no route has is called. */
const NO_ROUTE = 'none';

/** Tells which route a path belongs to, for logs and counts: by the shape of the path, in one look-up. */
export class RouteNames {
  readonly #patterns: ReadonlyMap<string, string>;

  constructor({ routes }: Pick<RelayApp, 'routes'>) {
    const named = routes.map(({ path }) => [path.replace(PARAMETER, '*'), path.replace(PARAMETER, '{$1}')] as const);
    this.#patterns = new Map(named);
  }

  routeOf(pathname: string): string {
    const shape = pathname
      .split('/')
      .map((segment) => (VALUE.test(segment) ? '*' : segment))
      .join('/');
    return this.#patterns.get(shape) ?? NO_ROUTE;
  }
}
