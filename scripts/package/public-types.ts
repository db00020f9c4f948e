import ts from 'typescript';

/** Gives the text of an emitted declaration file, without what no importer can name or be given. */
export type PublicText = (path: string) => string;

type IsPublic = (name: ts.Node) => boolean;

/**
 * Follows every name from the exports of the entries, through the declarations in this folder. What a class keeps private or an
 * index re-exports for its own layer stays out, and so do the packages that only it names.
 */
export function findPublicTypes(folder: string, entries: readonly string[], options: ts.CompilerOptions): PublicText {
  const program = ts.createProgram([...entries], { ...options, noEmit: true });
  const isPublic = markReachable(program, folder, entries);
  return (path) => {
    const file = program.getSourceFile(path);
    if (file === undefined) throw new Error(`there is no ${path}`);
    const isImport = ts.isImportDeclaration;
    const kept = file.statements
      .filter((statement) => !isImport(statement))
      .flatMap((statement) => publicPart(statement, isPublic));
    const used = new Set(kept.flatMap((text) => text.match(/[\w$]+/g) ?? []));
    return [...file.statements.filter(isImport).flatMap((statement) => usedPart(statement, used)), ...kept, ''].join(
      '\n',
    );
  };
}

function markReachable(program: ts.Program, folder: string, entries: readonly string[]): IsPublic {
  const checker = program.getTypeChecker();
  const reached = new Set<ts.Node>();
  const pending: ts.Node[] = [];
  const reach = (symbol: ts.Symbol | undefined): void => {
    for (const statement of statementsOf(symbol, checker)) {
      if (reached.has(statement)) continue;
      reached.add(statement);
      if (statement.getSourceFile().fileName.startsWith(folder)) pending.push(statement);
    }
  };
  for (const entry of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry) as ts.Node);
    if (module !== undefined) checker.getExportsOfModule(module).forEach(reach);
  }
  for (let statement = pending.pop(); statement !== undefined; statement = pending.pop()) {
    visitNames(statement, (name) => reach(checker.getSymbolAtLocation(name)));
  }
  return (name) => statementsOf(checker.getSymbolAtLocation(name), checker).some((statement) => reached.has(statement));
}

/** The top-level statements that declare what a symbol stands for. */
function statementsOf(symbol: ts.Symbol | undefined, checker: ts.TypeChecker): ts.Node[] {
  if (symbol === undefined) return [];
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return (target.declarations ?? []).filter((node) => !ts.isSourceFile(node)).map(topLevel);
}

function topLevel(node: ts.Node): ts.Node {
  return ts.isSourceFile(node.parent) ? node : topLevel(node.parent);
}

function visitNames(node: ts.Node, visit: (name: ts.Identifier) => void): void {
  if (ts.isIdentifier(node)) visit(node);
  ts.forEachChild(node, (child) => visitNames(child, visit));
}

function publicPart(statement: ts.Statement, isPublic: IsPublic): string[] {
  if (!ts.isExportDeclaration(statement)) {
    return declaredNames(statement).some(isPublic) ? [statement.getFullText().trim()] : [];
  }
  const { exportClause } = statement;
  if (exportClause === undefined || !ts.isNamedExports(exportClause) || exportClause.elements.length === 0) {
    return [statement.getText()];
  }
  return rewrite(statement, exportClause, ({ name }) => isPublic(name));
}

function declaredNames(statement: ts.Statement): ts.Node[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name);
  const { name } = statement as ts.DeclarationStatement;
  return name === undefined ? [] : [name];
}

function usedPart(statement: ts.ImportDeclaration, used: ReadonlySet<string>): string[] {
  const bindings = statement.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return [statement.getText()];
  return rewrite(statement, bindings, ({ name }) => used.has(name.text));
}

/** The statement with fewer names between its braces, or none of it. */
function rewrite(
  statement: ts.Statement,
  braces: ts.NamedImports | ts.NamedExports,
  isKept: (specifier: ts.ImportSpecifier | ts.ExportSpecifier) => boolean,
): string[] {
  const kept = [...braces.elements].filter(isKept).map((specifier) => specifier.getText());
  if (kept.length === 0) return [];
  return [statement.getText().replace(braces.getText(), `{ ${kept.join(', ')} }`)];
}
