import { isProblemCode, problems, type ProblemCode } from '../../../core/index.ts';
import type { ApiDocument } from '../openapi-document.ts';
import { html, joinMarkup, type Markup } from './markup.ts';

type Path = NonNullable<ApiDocument['paths']>[string];
type Operation = NonNullable<Path['get']>;
type Parameter = Exclude<NonNullable<Operation['parameters']>[number], { $ref: string }>;
type Responses = NonNullable<Operation['responses']>;

export interface NamedOperation {
  readonly verb: string;
  readonly path: string;
  readonly anchor: string;
  readonly operation: Operation;
}

const VERBS = ['get', 'put', 'post', 'patch'] as const;

/** The operations of a document in the order in which they were described. */
export function listOperations({ paths = {} }: ApiDocument): NamedOperation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    VERBS.flatMap((verb) => {
      const operation = item[verb];
      return operation === undefined ? [] : [{ verb, path, anchor: anchorOf(verb, path), operation }];
    }),
  );
}

export function renderOperation({ verb, path, anchor, operation }: NamedOperation): Markup {
  const { summary = '', description = '', parameters = [], responses = {} } = operation;
  const known = parameters.filter((parameter): parameter is Parameter => 'name' in parameter);
  return html`<section class="card" id="${anchor}">
    <h3>${summary}</h3>
    <p class="route">
      <span class="verb ${verb}">${verb.toUpperCase()}</span> <code>${path}</code>
      <span class="tag">${accessOf(operation)}</span>
    </p>
    <p>${description}</p>
    ${known.length === 0 ? '' : renderParameters(known)} ${renderExchange(operation, responses)}
  </section>`;
}

function anchorOf(verb: string, path: string): string {
  return `${verb}${path.replace(/[^a-z0-9]+/gi, '-')}`.replace(/-$/, '');
}

function accessOf({ security = [], requestBody }: Operation): string {
  if (security.some((scheme) => Object.keys(scheme).length === 0)) return 'signed, or open if the chain is public';
  if (security.length > 0) return 'signed by the actor';
  return requestBody === undefined ? 'open' : 'authorised by what the body holds';
}

function renderParameters(parameters: readonly Parameter[]): Markup {
  const rows = parameters.map(
    ({ name, in: place, required, description = '' }) =>
      html`<tr>
        <td><code>${name}</code></td>
        <td>${place}${required === true ? '' : ', optional'}</td>
        <td>${description}</td>
      </tr>`,
  );
  return html`<table>
    <thead>
      <tr>
        <th>Parameter</th>
        <th>In</th>
        <th>Meaning</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** What goes in and what comes out, the refusals folded away: they are many and the same for most routes. */
function renderExchange({ requestBody }: Operation, responses: Responses): Markup {
  const bodyRow = requestBody && 'content' in requestBody ? [renderRow('Body', requestBody)] : [];
  const statuses = Object.entries<Exchange>(responses);
  const answers = statuses
    .filter(([status]) => Number(status) < 400)
    .map(([status, answer]) => renderRow(status, answer));
  const refusals = statuses.filter(([status]) => Number(status) >= 400);
  return html`<table>
      <tbody>
        ${[...bodyRow, ...answers]}
      </tbody>
    </table>
    <details>
      <summary>Refusals</summary>
      <table>
        <tbody>
          ${refusals.map(([status, { description = '' }]) => renderRefusals(status, description))}
        </tbody>
      </table>
    </details>`;
}

interface Exchange {
  readonly description?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: unknown }>>;
}

function renderRow(label: string, { description = '', content = {} }: Exchange): Markup {
  const forms = Object.entries(content).map(([mediaType, { schema }]) => renderForm(mediaType, schema));
  return html`<tr>
    <td class="status">${label}</td>
    <td>
      ${description}${forms.length === 0 ? '' : html`<br /><span class="quiet">${joinMarkup(forms, ' or ')}</span>`}
    </td>
  </tr>`;
}

const REFERENCE = '#/components/schemas/';

function renderForm(mediaType: string, schema: unknown): Markup {
  const reference = typeof schema === 'object' && schema !== null && '$ref' in schema ? String(schema.$ref) : '';
  const name = reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : undefined;
  const link = name === undefined ? '' : html` (<a href="#${name}">${name}</a>)`;
  return html`<code>${mediaType}</code>${link}`;
}

function renderRefusals(status: string, description: string): Markup {
  const codes = description.split(', ').filter((code): code is ProblemCode => isProblemCode(code));
  const links = codes.map((code) => html`<a href="#${code}" title="${problems[code].title}">${code}</a>`);
  return html`<tr>
    <td class="status bad">${status}</td>
    <td>${joinMarkup(links, ', ')}</td>
  </tr>`;
}
