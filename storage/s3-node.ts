import { AwsClient } from 'aws4fetch';
import { err, fromHex, ok, toHex, type ObjectKey } from '../core/index.ts';
import type {
  ByteRange,
  KeptObject,
  ListPage,
  ListRequest,
  NodeResult,
  ObjectToKeep,
  StorageNode,
} from '../relay/index.ts';
import { checkKept, checkPage, CORRUPT, parseTime, refusePut, unavailable } from './checks.ts';
import { announcedSize, exchange, type NodeAnswer } from './exchange.ts';
import { secureUrl, timeoutOf, type NodeOptions } from './node-options.ts';
import { parseS3Listing, s3Fault } from './s3-answers.ts';

export interface S3NodeOptions extends NodeOptions {
  /** Of the provider, such as https://s3.eu-central-1.amazonaws.com; buckets are addressed by path. */
  readonly endpoint: string;
  readonly bucket: string;
  /** As the provider names it; `auto` at R2. */
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Before every key in the bucket, so that others can use it too; none by default. */
  readonly prefix?: string;
}

const EXPIRES_AT = 'x-amz-meta-expires-at';
const SHA256 = 'x-amz-meta-sha256';

type Init = Readonly<Record<'method', string>> & {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
};

/** A bucket of any provider that speaks S3, by signed requests (Signature Version 4, `SN11`). */
export class S3Node implements StorageNode {
  readonly #client: AwsClient;
  readonly #base: string;
  readonly #prefix: string;
  readonly #clock: () => number;
  readonly #timeoutMs: number;

  /** Throws a TypeError for an endpoint that is no secure address. */
  constructor(options: S3NodeOptions) {
    const { endpoint, bucket, accessKeyId, secretAccessKey, region, prefix = '' } = options;
    // It signs and sends nothing: what is tried again, and when, is the caller's to say.
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 });
    this.#base = `${secureUrl(endpoint).href.replace(/\/$/, '')}/${bucket}`;
    this.#prefix = prefix;
    this.#clock = options.clock;
    this.#timeoutMs = timeoutOf(options);
  }

  async put(key: ObjectKey, object: ObjectToKeep): Promise<NodeResult<void>> {
    const fault = refusePut(object, this.#clock());
    if (fault !== undefined) return err(fault);
    const sha256 = toHex(object.sha256);
    const headers = {
      // What is signed is the hash that the caller expects, and the store compares the bytes with it.
      'x-amz-content-sha256': sha256,
      [SHA256]: sha256,
      [EXPIRES_AT]: String(object.expiresAt),
    };
    const answer = await this.#send(this.#urlOf(key), { method: 'PUT', headers, body: object.bytes });
    if (!answer.ok) return answer;
    return answer.value.status === 200 && isStore(answer.value) ? ok(undefined) : err(s3Fault(answer.value));
  }

  async get(key: ObjectKey): Promise<NodeResult<Uint8Array>> {
    const answer = await this.#send(this.#urlOf(key), { method: 'GET' });
    if (!answer.ok) return answer;
    const { status, body } = answer.value;
    if (status !== 200) return err(s3Fault(answer.value));
    const kept = this.#check(answer.value, body.length);
    return kept.ok ? ok(body) : kept;
  }

  async getRange(key: ObjectKey, { offset, length }: ByteRange): Promise<NodeResult<Uint8Array>> {
    const headers = { range: `bytes=${offset}-${offset + length - 1}` };
    const answer = await this.#send(this.#urlOf(key), { method: 'GET', headers });
    if (!answer.ok) return answer;
    const { status, body } = answer.value;
    if (status !== 206) return err(status === 200 ? unavailable('bad-answer') : s3Fault(answer.value));
    const range = parseContentRange(answer.value.headers.get('content-range'));
    if (range?.offset !== offset) return err(unavailable('bad-answer'));
    const kept = this.#check(answer.value, range.size);
    if (!kept.ok) return kept;
    // S3 gives what there is of a range; the port gives all of it or nothing (`SN5`).
    if (offset + length > range.size) return err({ code: 'refused', reason: 'range' });
    return body.length === length ? ok(body) : err(CORRUPT);
  }

  async head(key: ObjectKey): Promise<NodeResult<KeptObject>> {
    const answer = await this.#send(this.#urlOf(key), { method: 'HEAD' });
    if (!answer.ok) return answer;
    if (answer.value.status === 200) return this.#check(answer.value, announcedSize(answer.value));
    // A HEAD has no body that could say whether it is the object that is missing, or the bucket.
    const reason = await this.#send(this.#urlOf(key), { method: 'GET', headers: { range: 'bytes=0-0' } });
    if (!reason.ok) return reason;
    return err(reason.value.status < 300 ? unavailable('bad-answer') : s3Fault(reason.value));
  }

  async delete(key: ObjectKey): Promise<NodeResult<void>> {
    const answer = await this.#send(this.#urlOf(key), { method: 'DELETE' });
    if (!answer.ok) return answer;
    const { status } = answer.value;
    if (status === 204) return ok(undefined);
    const fault = s3Fault(answer.value);
    return fault.code === 'not-found' ? ok(undefined) : err(fault);
  }

  async list(asked: ListRequest): Promise<NodeResult<ListPage>> {
    const { after, limit } = asked;
    const url = new URL(this.#base);
    url.searchParams.set('list-type', '2');
    url.searchParams.set('max-keys', String(limit));
    if (this.#prefix !== '') url.searchParams.set('prefix', this.#prefix);
    if (after !== undefined) url.searchParams.set('start-after', this.#prefix + after);
    const answer = await this.#send(url.href, { method: 'GET' });
    if (!answer.ok) return answer;
    if (answer.value.status !== 200) return err(s3Fault(answer.value));
    const listing = parseS3Listing(answer.value.body, this.#prefix);
    if (listing === undefined) return err(unavailable('bad-answer'));
    const { objects, isTruncated } = listing;
    return checkPage(asked, objects, isTruncated ? (objects.at(-1)?.key ?? after) : undefined);
  }

  #urlOf(key: ObjectKey): string {
    return `${this.#base}/${this.#prefix}${key}`;
  }

  #send(url: string, init: Init): Promise<NodeResult<NodeAnswer>> {
    const datetime = new Date(this.#clock()).toISOString().replace(/[:-]|\.\d{3}/g, '');
    const { body, ...rest } = init;
    const sent = { ...rest, ...(body && { body: body as Uint8Array<ArrayBuffer> }) };
    return exchange(() => this.#client.sign(url, { ...sent, aws: { datetime } }), this.#timeoutMs);
  }

  #check(answer: NodeAnswer, size: number): NodeResult<KeptObject> {
    if (!isStore(answer)) return err(unavailable('bad-answer'));
    const { headers } = answer;
    const sha256 = fromHex(headers.get(SHA256) ?? '');
    return checkKept({ size, sha256, expiresAt: parseTime(headers.get(EXPIRES_AT)) }, this.#clock());
  }
}

/** Whether it is a store that answers a request with success: any web server says 200, and only a store names an object's tag. */
function isStore({ headers }: NodeAnswer): boolean {
  return headers.has('etag');
}

/** `bytes 0-9/100`: where the answer begins, and the size of the whole. */
function parseContentRange(text: string | null): { readonly offset: number; readonly size: number } | undefined {
  const [, offset, size] = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15})$/.exec(text ?? '') ?? [];
  return offset === undefined || size === undefined ? undefined : { offset: Number(offset), size: Number(size) };
}
