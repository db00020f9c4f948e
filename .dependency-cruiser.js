/**
 * The layers, as data. Another layer is entered by one of its entries alone; inside a layer files import each other
 * directly. `layers` lists what may be entered, `packages` and `builtins` what else may be imported.
 */
const purePackages = ['@noble/', '@scure/base/'];
const workerdBuiltins = ['crypto', 'buffer'];

const layers = {
  core: { path: '^core/(?!mls/)', entry: '^core/index\\.ts$', packages: purePackages },
  // Its own entry, so that an auditor's bundle of `core` holds no MLS library.
  'core-mls': {
    path: '^core/mls/',
    entry: '^core/mls/index\\.ts$',
    inside: '^core/',
    packages: [...purePackages, 'ts-mls/', '@hpke/core/'],
  },
  relay: { path: '^relay/', entry: '^relay/index\\.ts$', layers: ['core', 'core-mls'] },
  'durable-objects': {
    path: '^durable-objects/',
    entry: '^durable-objects/index\\.ts$',
    layers: ['core', 'core-mls', 'relay', 'storage', 'migrations'],
    packages: ['drizzle-orm/'],
    builtins: workerdBuiltins,
  },
  storage: {
    path: '^storage/',
    entry: '^storage/index\\.ts$',
    layers: ['core', 'relay'],
    packages: ['aws4fetch/', 'http-message-sig/'],
    builtins: workerdBuiltins,
  },
  migrations: {
    path: '^migrations/',
    packages: ['drizzle-kit/'],
    entry: '^migrations/index\\.ts$|^migrations/[^/]+/index\\.ts$',
  },
  workers: {
    path: '^workers/(?!local[./])',
    entry: '^workers/[^/]+/index\\.ts$',
    layers: ['core', 'core-mls', 'relay', 'durable-objects', 'storage'],
    packages: ['hono/', '@hono/zod-openapi/', 'zod/', 'http-message-sig/'],
    builtins: workerdBuiltins,
  },
  // The one place that touches Miniflare; it runs in Node, beside the workers that it starts.
  'local-relay': {
    path: '^workers/local[./]',
    entry: '^workers/local\\.ts$',
    layers: ['core'],
    packages: ['miniflare/', 'wrangler/', 'proper-lockfile/'],
    builtins: ['.'],
  },
  sdk: {
    path: '^sdk/(?!node/)',
    entry: '^sdk/index\\.ts$',
    layers: ['core', 'core-mls'],
    packages: ['http-message-sig/', 'ts-mls/', '@noble/ciphers/', '@noble/hashes/'],
  },
  'sdk-node': {
    path: '^sdk/node/',
    entry: '^sdk/node/index\\.ts$',
    inside: '^sdk/',
    layers: ['core'],
    packages: ['proper-lockfile/', 'ws/'],
    builtins: ['.'],
  },
  cli: {
    path: '^cli/(?!demo/|cluster/|doctor/relay-folder-|commands/(serve|demo|cluster)[./])',
    entry: '^cli/main\\.ts$',
    inside: '^cli/',
    layers: ['core', 'sdk', 'sdk-node'],
    packages: ['commander/', 'string-width/', 'ws/', 'proper-lockfile/', 'qr/'],
    builtins: ['.'],
  },
  'cli-local': {
    path: '^cli/demo/|^cli/cluster/|^cli/doctor/relay-folder-|^cli/commands/(serve|demo|cluster)[./]',
    entry: '^cli/',
    inside: '^cli/',
    layers: ['core', 'sdk', 'sdk-node', 'local-relay'],
    packages: ['commander/', 'ws/', 'proper-lockfile/'],
    builtins: ['.'],
  },
};

const anyLayer = '^(core|relay|durable-objects|storage|migrations|workers|sdk|cli|web)/';

function rulesOf([name, layer]) {
  const { path, inside = path, layers: entered = [], packages = [], builtins = [] } = layer;
  const entries = entered.map((other) => layers[other].entry);
  return [
    {
      name: `${name}-layers`,
      comment: `${name} may enter ${entered.join(', ') || 'no other layer'}, by the entry alone`,
      severity: 'error',
      from: { path },
      to: { path: anyLayer, pathNot: [inside, ...entries] },
    },
    {
      name: `${name}-packages`,
      comment: `${name} may import ${packages.join(', ') || 'no package'}`,
      severity: 'error',
      from: { path },
      to: { path: '(^|/)node_modules/', pathNot: packages.map((prefix) => `(^|/)node_modules/${prefix}`) },
    },
    {
      name: `${name}-builtins`,
      comment: `${name} may import ${builtins.join(', ') || 'no builtin'}`,
      severity: 'error',
      from: { path },
      to: {
        dependencyTypes: ['core'],
        pathNot: builtins.map((builtin) => (builtin === '.' ? builtin : `^(node:)?${builtin}$`)),
      },
    },
  ];
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(layers).flatMap(rulesOf),
    {
      name: 'no-cycles',
      comment: 'types may name each other: an environment names its objects, and they name their environment',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'shipped-without-tests',
      comment: 'what ships never reaches for tests, benchmarks or build scripts',
      severity: 'error',
      from: { path: anyLayer },
      to: { path: '^(test|bench|scripts)/' },
    },
    {
      name: 'scripts-without-tests',
      severity: 'error',
      from: { path: '^(bench|scripts)/' },
      to: { path: '^test/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^cloudflare:' },
    },
    {
      name: 'cloudflare-in-workerd-alone',
      severity: 'error',
      from: { pathNot: '^(test/)?durable-objects/|^(storage|workers)/|\\.workerd(\\.test)?\\.ts$' },
      to: { path: '^cloudflare:' },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs'],
    },
  },
};
