import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import ts from 'typescript';
import { fileOf, type Page } from './markdown.ts';

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/** The languages that are compiled, with the ending of a file of theirs. JavaScript is checked like TypeScript. */
const endings: Readonly<Record<string, string>> = { ts: 'ts', js: 'js' };

/**
 * Compiles every block of TypeScript and JavaScript, each as a module of its own that imports the package under its published
 * name. A block that names its file is that file for the other blocks of its page. Nothing is run or written.
 */
export function snippetFaults(root: string, pages: readonly Page[]): string[] {
  const snippets = new Map(pages.flatMap((page) => snippetsOf(root, page)));
  if (snippets.size === 0) return [];
  const options = compilerOptions(root);
  const program = ts.createProgram([...snippets.keys()], options, hostOf(options, snippets));
  return diagnosticsOf(program, [...snippets.keys()]).map((diagnostic) => describe(diagnostic, snippets));
}

/** Of these files alone: the sources that they import are checked by `npm run types`. */
function diagnosticsOf(program: ts.Program, paths: readonly string[]): ts.Diagnostic[] {
  const files = paths.flatMap((path) => program.getSourceFile(path) ?? []);
  return [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...files.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  ];
}

function snippetsOf(root: string, page: Page): [string, Snippet][] {
  return page.fences.flatMap((fence, index) => {
    const ending = endings[fence.language];
    if (ending === undefined) return [];
    const path = `${root}/${page.path}.blocks/${fileOf(fence.info) ?? `${index}.${ending}`}`;
    return [[path, { page: page.path, line: fence.line, text: `${fence.text}\nexport {};\n` }]];
  });
}

function compilerOptions(root: string): ts.CompilerOptions {
  const config = ts.readConfigFile(`${root}/tsconfig/development.json`, (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, `${root}/tsconfig`);
  delete options.tsBuildInfoFile;
  return {
    ...options,
    incremental: false,
    noUnusedLocals: false,
    allowJs: true,
    checkJs: true,
    paths: {
      'terachat-relay/core': [`${root}/core/index.ts`],
      'terachat-relay/sdk': [`${root}/sdk/index.ts`],
      'terachat-relay/sdk/node': [`${root}/sdk/node/index.ts`],
    },
  };
}

function hostOf(options: ts.CompilerOptions, snippets: ReadonlyMap<string, Snippet>): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const folders = new Set([...snippets.keys()].map((path) => dirname(path)));
  return {
    ...host,
    fileExists: (path) => snippets.has(path) || host.fileExists(path),
    directoryExists: (path) => folders.has(path) || ts.sys.directoryExists(path),
    readFile: (path) => snippets.get(path)?.text ?? host.readFile(path),
    getSourceFile: (path, languageVersion) => {
      const snippet = snippets.get(path);
      return snippet === undefined
        ? host.getSourceFile(path, languageVersion)
        : ts.createSourceFile(path, snippet.text, languageVersion);
    },
  };
}

function describe({ file, start, messageText }: ts.Diagnostic, snippets: ReadonlyMap<string, Snippet>): string {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ');
  if (file === undefined) return message;
  const line = file.getLineAndCharacterOfPosition(start ?? 0).line;
  const snippet = snippets.get(file.fileName);
  return snippet === undefined
    ? `${file.fileName}:${line + 1}: ${message}`
    : `${snippet.page}:${snippet.line + line}: ${message}`;
}
