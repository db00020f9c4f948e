import { readFileSync } from 'node:fs';
import ts from 'typescript';
import type { Page } from './markdown.ts';

interface Snippet {
  readonly page: string;
  readonly line: number;
  readonly text: string;
}

/**
 * Compiles every block that opens with ```` ```ts checked ````, each as a module of its own that imports the package
 * under its published name. Nothing is run or written.
 */
export function snippetFaults(root: string, pages: readonly Page[]): string[] {
  const snippets = new Map(
    pages.flatMap((page) =>
      page.fences
        .filter(({ info }) => info === 'ts checked')
        .map(({ text, line }, index): [string, Snippet] => [
          `${root}/${page.path}.${index}.ts`,
          { page: page.path, line, text: `${text}\nexport {};\n` },
        ]),
    ),
  );
  if (snippets.size === 0) return [];
  const options = compilerOptions(root);
  const program = ts.createProgram([...snippets.keys()], options, hostOf(options, snippets));
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => describe(diagnostic, snippets));
}

function compilerOptions(root: string): ts.CompilerOptions {
  const config = ts.readConfigFile(`${root}/tsconfig/development.json`, (path) => readFileSync(path, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, `${root}/tsconfig`);
  delete options.tsBuildInfoFile;
  return {
    ...options,
    incremental: false,
    noUnusedLocals: false,
    paths: {
      'terachat-relay/core': [`${root}/core/index.ts`],
      'terachat-relay/sdk': [`${root}/sdk/index.ts`],
      'terachat-relay/sdk/node': [`${root}/sdk/node/index.ts`],
    },
  };
}

function hostOf(options: ts.CompilerOptions, snippets: ReadonlyMap<string, Snippet>): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  return {
    ...host,
    fileExists: (path) => snippets.has(path) || host.fileExists(path),
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
