import { z } from '@hono/zod-openapi';
import { fromBase64Url, MAX_PAGE_ENTRIES, MAX_SHARES } from '../../core/index.ts';
import { DECIMAL } from '../http/decimal.ts';

/** Base64url of exactly 32 bytes in its one spelling: 43 characters, the two spare bits of the last one zero (`WI2`). */
const NAME = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const EXAMPLE = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

/** The check of `nameParameter` for the route that has no time for a schema. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** The 32 bytes of a name that has passed its check. */
export function bytesOfName(name: string): Uint8Array {
  const bytes = fromBase64Url(name);
  if (bytes === undefined) throw new Error('a name was used before it was checked');
  return bytes;
}

function nameParameter<Name extends string>(name: Name, description: string) {
  return z
    .string()
    .regex(NAME)
    .openapi({ param: { name, in: 'path' }, description, example: EXAMPLE });
}

const decimal = z.string().regex(DECIMAL).transform(Number).refine(Number.isSafeInteger);

function indexParameter(description: string, place: { readonly name: string; readonly in: 'path' | 'query' }) {
  return decimal.openapi({ param: place, description, example: '0' });
}

const chain = nameParameter('chain', 'Chain id: 32 bytes, base64url.');
const device = nameParameter('device', 'Actor of the device: its Ed25519 key, 32 bytes, base64url.');

export const chainParameters = z.object({ chain });
export const deviceParameters = z.object({ device });
export const payloadParameters = z.object({ chain, hash: nameParameter('hash', 'SHA-256 of the payload, base64url.') });
export const treeParameters = z.object({ chain, hash: nameParameter('hash', 'Tree hash (RFC 9420 §7.8), base64url.') });
export const moduleParameters = z.object({ hash: nameParameter('hash', 'SHA-256 of the module, base64url.') });
export const proofParameters = z.object({
  chain,
  index: indexParameter('Index of the entry to prove.', { name: 'index', in: 'path' }),
});

/** Strict, as every query here: a misspelt name is refused instead of silently meaning the default (`HT6`). */
export const pageQuery = z.strictObject({
  from: indexParameter('First index wanted.', { name: 'from', in: 'query' }).optional(),
  limit: decimal
    .refine((limit) => limit >= 1 && limit <= MAX_PAGE_ENTRIES)
    .openapi({
      param: { name: 'limit', in: 'query' },
      description: `Entries wanted, 1 to ${MAX_PAGE_ENTRIES}; a page may hold fewer.`,
      example: String(MAX_PAGE_ENTRIES),
    })
    .optional(),
});

export const followingQuery = z.strictObject({
  size: indexParameter('How many entries of the account a group has to know; all where it is not given.', {
    name: 'size',
    in: 'query',
  }).optional(),
});

export const cursorQuery = z.strictObject({
  from: indexParameter('First sequence number wanted.', { name: 'from', in: 'query' }).optional(),
});

export const epochQuery = z.strictObject({
  epoch: indexParameter('MLS epoch: the current one, which is the default, or the one before.', {
    name: 'epoch',
    in: 'query',
  }).optional(),
});

export const streamQuery = z.strictObject({
  share: decimal
    .refine((share) => share <= MAX_SHARES)
    .openapi({
      param: { name: 'share', in: 'query' },
      description: `Share of the chain's readers, as the ticket's answer names it: 0 to ${MAX_SHARES}.`,
      example: '0',
    })
    .optional(),
});

export const attachmentParameters = z.object({
  chain,
  hash: nameParameter('hash', 'SHA-256 of the attachment, base64url.'),
});

const uploadHash = z
  .string()
  .regex(NAME)
  .openapi({
    param: { name: 'hash', in: 'query' },
    description: 'SHA-256 of the attachment, base64url.',
    example: EXAMPLE,
  });

export const uploadQuery = z.strictObject({
  hash: uploadHash,
  size: decimal
    .refine((size) => size >= 1)
    .openapi({ param: { name: 'size', in: 'query' }, description: 'Bytes of the whole attachment.', example: '1000' }),
});

export const uploadOffsetQuery = z.strictObject({ hash: uploadHash });

export const uploadResumeQuery = z.strictObject({
  hash: uploadHash,
  offset: indexParameter('Where the body goes on: the offset of the upload.', { name: 'offset', in: 'query' }),
});

export const noParameters = z.object({});
export const noQuery = z.strictObject({});
