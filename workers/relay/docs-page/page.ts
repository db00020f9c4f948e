import {
  contentDigest,
  eventDefinitions,
  isProblemCode,
  problems,
  REQUEST_SIGNATURE_LABEL,
  sha256,
  SIGNED_COMPONENTS,
  toBase64,
  utf8ToBytes,
} from '../../../core/index.ts';
import { SIGNING, STRUCTURES, type ApiDocument } from '../openapi-document.ts';
import { html, Markup } from './markup.ts';
import { listOperations, renderOperation, type NamedOperation } from './operations.ts';
import { STYLE } from './style.ts';

/** The page runs nothing and loads nothing; its one style sheet is allowed by its hash. */
export const DOCS_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${toBase64(sha256(utf8ToBytes(STYLE)))}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Made in one piece, since the hash covers every character between the tags. */
const STYLE_ELEMENT = new Markup(`<style>${STYLE}</style>`);

/** The API for people: routes from the OpenAPI document, then what its answers refer to. */
export function renderDocs(document: ApiDocument): string {
  const { info, tags = [] } = document;
  const operations = listOperations(document);
  const groups = tags.map((tag) => ({
    ...tag,
    operations: operations.filter((each) => each.operation.tags?.includes(tag.name)),
  }));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} API</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <a class="skip" href="#top">To the content</a>
        <nav>
          <a class="name" href="#top">${info.title}</a>
          <span class="version">API of version ${info.version}</span>
          ${groups.map(renderNavigation)}
          <h2>Reference</h2>
          <ul>
            ${REFERENCE.map(([anchor, title]) => html`<li><a href="#${anchor}">${title}</a></li>`)}
          </ul>
        </nav>
        <main id="top">
          <h1>${info.title} API</h1>
          <p>${info.description ?? ''}</p>
          <p><a href="/openapi.json">OpenAPI document</a></p>
          ${groups.map(renderGroup)} ${renderSigning()} ${renderEvents()} ${renderStructures()} ${renderProblems()}
        </main>
      </body>
    </html>`;
  return page.text;
}

const REFERENCE = [
  ['signing', 'Signing a request'],
  ['events', 'Event types'],
  ['structures', 'Structures'],
  ['problems', 'Problems'],
] as const;

interface Group {
  readonly name: string;
  readonly description?: string;
  readonly operations: readonly NamedOperation[];
}

function renderNavigation({ name, operations }: Group): Markup {
  const items = operations.map(
    ({ anchor, operation }) => html`<li><a href="#${anchor}">${operation.summary ?? anchor}</a></li>`,
  );
  return html`<h2>${name}</h2>
    <ul>
      ${items}
    </ul>`;
}

function renderGroup({ name, description = '', operations }: Group): Markup {
  return html`<h2>${name}</h2>
    <p class="quiet">${description}</p>
    ${operations.map(renderOperation)}`;
}

function renderSigning(): Markup {
  return html`<h2 id="signing">Signing a request</h2>
    <p>${SIGNING}</p>
    <pre>${SIGNED_EXAMPLE}</pre>
    <p>
      A refused signature is answered with a reason, and with <code>Accept-Signature</code>, which lists what to cover.
      No handshake of a WebSocket is signed: a signed request gets a <a href="#TicketAnswer">ticket</a> for it.
    </p>`;
}

/** The headers of a request without a body; the digest is that of nothing. */
const SIGNED_EXAMPLE = [
  `Content-Digest: ${contentDigest(new Uint8Array())}`,
  `Signature-Input: ${REQUEST_SIGNATURE_LABEL}=(${SIGNED_COMPONENTS.map((name) => `"${name}"`).join(' ')})`,
  '    ;created=1800000000;expires=1800000060;nonce="…";keyid="…";alg="ed25519"',
  `Signature: ${REQUEST_SIGNATURE_LABEL}=:…:`,
].join('\n');

function renderEvents(): Markup {
  const rows = eventDefinitions.map(
    ({ type, name, ordering, body }) =>
      html`<tr>
        <td><code>0x${type.toString(16).padStart(4, '0')}</code></td>
        <td><code>${name}</code></td>
        <td>${ordering}</td>
        <td>${'name' in body.notation ? html`<a href="#${body.notation.name}">${body.notation.name}</a>` : ''}</td>
      </tr>`,
  );
  return html`<h2 id="events">Event types</h2>
    <p>
      What an actor signs is an <a href="#EventTBS">EventTBS</a>; its type says what its body is. A strict event is
      refused when another strict one came first; an observed one never is.
    </p>
    <table>
      <thead>
        <tr>
          <th>Type</th>
          <th>Name</th>
          <th>Ordering</th>
          <th>Body</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}

function renderStructures(): Markup {
  const cards = STRUCTURES.map(
    ({ name, definition }) =>
      html`<section class="card" id="${name}">
        <h3>${name}</h3>
        <pre>${definition}</pre>
      </section>`,
  );
  return html`<h2 id="structures">Structures</h2>
    <p class="quiet">TLS presentation language (RFC 8446 §3) with the variable-size vectors of RFC 9420 §2.1.2.</p>
    ${cards}`;
}

function renderProblems(): Markup {
  const rows = Object.entries(problems)
    .filter(([code]) => isProblemCode(code))
    .map(
      ([code, { status, title }]) =>
        html`<tr id="${code}">
          <td>
            <a href="#${code}"><code>${code}</code></a>
          </td>
          <td class="status">${status}</td>
          <td>${title}</td>
        </tr>`,
    );
  return html`<h2 id="problems">Problems</h2>
    <p>
      Every refusal is <code>application/problem+json</code> (RFC 9457). Its <code>code</code> never changes its
      meaning; programs read that and the details, people the title.
    </p>
    <table>
      <thead>
        <tr>
          <th>Code</th>
          <th>Status</th>
          <th>What to do</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`;
}
