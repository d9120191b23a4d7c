/** One route of an application: an exact path, or everything below one (`/...`). */
export interface SpinRoute {
  /** As the manifest has it. */
  raw: string;
  component: string;
  isWildcard: boolean;
  /** Without a slash at its end. */
  path: string;
}

/** A route that never gets a request, because a later one is the same. */
export interface DuplicateRoute {
  replaced: string;
  effective: string;
  raw: string;
}

const withoutSlash = (path: string): string => path.replace(/\/$/, "");

export function parseRoute(raw: string, component: string): SpinRoute {
  const isWildcard = /\/?\.\.\.$/.test(raw);
  const path = withoutSlash(raw.replace(/\/?\.\.\.$/, ""));
  return { raw, component, isWildcard, path: path === "" || path.startsWith("/") ? path : `/${path}` };
}

/** The routes in effect, and those that a later one of the same shape replaces. */
export function buildRoutes(given: readonly SpinRoute[]): { routes: SpinRoute[]; duplicates: DuplicateRoute[] } {
  const routes = new Map<string, SpinRoute>();
  const duplicates: DuplicateRoute[] = [];
  for (const route of given) {
    const key = `${route.path}${route.isWildcard ? "/..." : ""}`;
    const before = routes.get(key);
    if (before) duplicates.push({ replaced: before.component, effective: route.component, raw: before.raw });
    routes.set(key, route);
  }
  return { routes: [...routes.values()], duplicates };
}

/** The route of a request's path: an exact one, else the longest wildcard; undefined when there is none. */
export function findRoute(routes: readonly SpinRoute[], path: string): SpinRoute | undefined {
  const wanted = withoutSlash(path);
  const exact = routes.find((route) => !route.isWildcard && route.path === wanted);
  if (exact) return exact;
  return routes
    .filter((route) => route.isWildcard && (wanted === route.path || wanted.startsWith(`${route.path}/`)))
    .sort((one, other) => other.path.length - one.path.length)[0];
}
