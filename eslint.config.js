import { basename } from 'node:path';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const shipped = ['core', 'relay', 'durable-objects', 'storage', 'workers', 'sdk', 'cli'].map(
  (folder) => `${folder}/**/*.ts`,
);
const pure = ['core/**/*.ts', 'relay/**/*.ts'];
const inWorkerd = ['durable-objects/**/*.ts', 'storage/**/*.ts', 'workers/**/*.ts'];
/** Files whose default export the platform or a tool demands. */
const defaultExports = [
  '**/*.config.{ts,js}',
  '.dependency-cruiser.js',
  'workers/*/index.ts',
  '**/*.workerd.ts',
  '**/*.d.ts',
];

/** What is no part of the language itself. Time and randomness come in as arguments, everything else through a port. */
const platformGlobals = [
  [
    'Date',
    'performance',
    'crypto',
    'fetch',
    'console',
    'process',
    'Buffer',
    'WebSocket',
    'navigator',
    'globalThis',
    'self',
  ],
  ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'structuredClone', 'WebAssembly'],
  ['TextEncoder', 'TextDecoder', 'URL', 'URLSearchParams', 'atob', 'btoa', 'Request', 'Response', 'Headers'],
].flat();

const house = {
  rules: {
    'file-name': {
      create: (context) => ({
        Program(node) {
          const name = basename(context.filename);
          if (!/^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/.test(name)) {
            context.report({ node, message: `${name} is not kebab-case.` });
          }
          if (/^(utils?|helpers?|types|common|misc)\./.test(name)) {
            context.report({ node, message: `${name} says nothing: name a file for the one concept it holds.` });
          }
        },
      }),
    },
  },
};

const everywhere = {
  files: ['**/*.{ts,js,mjs}'],
  plugins: { house },
  linterOptions: { reportUnusedDisableDirectives: 'error' },
  rules: {
    'house/file-name': 'error',
    eqeqeq: 'error',
    'no-cond-assign': 'error',
    'no-control-regex': 'error',
    'no-empty': ['error', { allowEmptyCatch: true }],
    'no-else-return': 'error',
    'no-lonely-if': 'error',
    'no-loss-of-precision': 'error',
    'no-self-compare': 'error',
    'no-sparse-arrays': 'error',
    'no-template-curly-in-string': 'error',
    'no-unsafe-finally': 'error',
    'no-useless-escape': 'error',
    'no-useless-rename': 'error',
    'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
    'object-shorthand': 'error',
    'prefer-const': 'error',
    'no-restricted-syntax': [
      'error',
      {
        selector: 'ExportDefaultDeclaration',
        message: 'Named exports only, except where a platform demands a default.',
      },
      { selector: 'ExportSpecifier[exported.name="default"]', message: 'Named exports only.' },
    ],
  },
};

const typeAware = {
  files: ['**/*.ts'],
  extends: [tseslint.configs.strictTypeChecked],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  rules: {
    '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
    // Returning what a void function returns is a short way to leave early.
    '@typescript-eslint/no-confusing-void-expression': 'off',
    '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
    '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    '@typescript-eslint/prefer-nullish-coalescing': 'error',
    '@typescript-eslint/prefer-optional-chain': 'error',
    '@typescript-eslint/prefer-readonly': 'error',
    '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    // A type parameter used once still ties an argument to what the caller names.
    '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    // A port's method is async by contract, even where one implementation has nothing to wait for.
    '@typescript-eslint/require-await': 'off',
  },
};

export default defineConfig([
  globalIgnores([
    'dist/',
    'coverage/',
    '.vitest/',
    '.terachat/',
    '.wrangler/',
    'patches/',
    'migrations/**/*.js',
    'kernels/assembly/',
    'policies/assembly/',
  ]),
  everywhere,
  typeAware,
  { files: defaultExports, rules: { 'no-restricted-syntax': 'off' } },
  {
    files: shipped,
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60 }],
      'max-params': ['error', { max: 4 }],
      'no-console': 'error',
    },
  },
  { files: ['cli/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: pure,
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'no-restricted-globals': [
        'error',
        ...platformGlobals.map((name) => ({
          name,
          message: 'core and relay take it as an argument or through a port.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Randomness is an argument.' },
      ],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', 'cloudflare:*'], message: 'core and relay know no platform.' }] },
      ],
    },
  },
  {
    files: ['sdk/**/*.ts'],
    ignores: ['sdk/node/**'],
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'no-restricted-globals': ['error', 'process', 'Buffer', 'setImmediate'],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', 'cloudflare:*'], message: 'The SDK runs in Node, browsers and workerd.' }] },
      ],
    },
  },
  {
    files: inWorkerd,
    ignores: ['workers/local.ts', 'workers/local/**'],
    rules: {
      // A pending timer keeps a Durable Object from hibernating, and one alarm is shared by every kind of job. The one
      // place that may use each of them disables its rule and says why.
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval'],
      'no-restricted-properties': [
        'error',
        { property: 'setAlarm', message: 'Only the job scheduler arms the alarm.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
]);
