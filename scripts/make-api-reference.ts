/** `npm run docs:api`: the reference of what the package exports, as pages in `dist/api/`. A warning fails it. */
import { fileURLToPath } from 'node:url';
import { Application, Comment, Converter, type Context, type DeclarationReflection } from 'typedoc';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** A name says what most properties are; everything else says what it promises. */
const MUST_SAY = ['Variable', 'Function', 'Class', 'Interface', 'TypeAlias', 'Method'] as const;

const app = await Application.bootstrap({
  name: 'terachat-relay',
  entryPoints: ['core', 'sdk', 'sdk/node'].map((folder) => `${root}/${folder}/index.ts`),
  basePath: root,
  tsconfig: `${root}/tsconfig/declarations.json`,
  out: `${root}/dist/api`,
  readme: 'none',
  excludePrivate: true,
  disableGit: true,
  sourceLinkTemplate: '../../{path}#L{line}',
  requiredToBeDocumented: [...MUST_SAY],
  validation: { notDocumented: true, invalidLink: true, notExported: false },
  treatValidationWarningsAsErrors: true,
});

app.converter.on(Converter.EVENT_CREATE_DECLARATION, showFields);

const project = await app.convert();
if (project === undefined) process.exit(1);
app.validate(project);
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);

/**
 * `Decoded<typeof codec>` is how a type follows its codec. A reader wants the fields that it stands for, and the codec says
 * what it is.
 */
function showFields(context: Context, reflection: DeclarationReflection): void {
  const [declaration] = context.getSymbolFromReflection(reflection)?.declarations ?? [];
  if (declaration === undefined || !ts.isTypeAliasDeclaration(declaration)) return;
  const codec = /^Decoded<typeof (\w+)>$/.exec(declaration.type.getText())?.[1];
  if (codec === undefined) return;
  reflection.comment ??= new Comment([{ kind: 'text', text: `The value that \`${codec}\` encodes.` }]);
  reflection.comment.modifierTags.add('@useDeclaredType');
}
