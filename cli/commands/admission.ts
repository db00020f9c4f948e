import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import {
  DAY_MS,
  fromBase64Url,
  INVITATION_ID_BYTES,
  publicKeyOf,
  SEED_BYTES,
  signEd25519,
  toBase64Url,
  writeInvitation,
} from '../../core/index.ts';
import { Failure } from '../failure.ts';
import { commandOutput } from '../options.ts';

const MAX_COUNT = 1_000_000;

interface InviteOptions {
  readonly key: string;
  readonly relayName: string;
  readonly uses: number;
  readonly days: number;
}

/** For operators of a relay that asks founders for an invitation. Neither command talks to the relay. */
export function addAdmission(program: Command): void {
  const admission = program.command('admission').summary('let founders in at a relay that you operate');
  admission
    .command('key')
    .argument('<file>', 'where to keep the private key')
    .summary('make the key that signs invitations')
    .description('Makes the key that signs invitations, and shows what the relay is configured with: ADMISSION_KEY.')
    .addHelpText('after', '\nExample:\n  terachat admission key operator.key')
    .action((file: string, _options: unknown, command: Command) => makeKey(file, command));
  admission
    .command('invite')
    .requiredOption('--key <file>', 'what `admission key` made')
    .requiredOption('--relay-name <name>', 'RELAY_NAME of the relay, as /v1/relay shows it')
    .option('--uses <number>', 'people whom it lets in', parseCount, 1)
    .option('--days <number>', 'days until it expires', parseCount, 7)
    .summary('write an invitation')
    .description('Writes a code that lets people found chains, and with it their identity, at your relay.')
    .addHelpText('after', '\nExample:\n  terachat admission invite --key operator.key --relay-name relay.example')
    .action((options: InviteOptions, command: Command) => invite(options, command));
}

function makeKey(file: string, command: Command): void {
  const { d: seed = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  // Never over a file that is there: it may be the key under invitations that people hold.
  writeFileSync(file, `${seed}\n`, { mode: 0o600, flag: 'wx' });
  const publicKey = toBase64Url(publicKeyOf(readSeed(file)));
  const text = `Keep ${file} to yourself. In wrangler.toml:\n\n  ADMISSION = "invite"\n  ADMISSION_KEY = "${publicKey}"`;
  commandOutput(command).result({ file, publicKey }, text);
}

function invite({ key, relayName, uses, days }: InviteOptions, command: Command): void {
  const seed = readSeed(key);
  const expiresAt = Date.now() + days * DAY_MS;
  const id = new Uint8Array(randomBytes(INVITATION_ID_BYTES));
  const code = writeInvitation({ id, uses, expiresAt }, relayName, (message) => signEd25519(seed, message));
  commandOutput(command).result({ code, uses, expiresAt: new Date(expiresAt).toISOString() }, code);
}

function readSeed(file: string): Uint8Array {
  const seed = fromBase64Url(readFileSync(file, 'utf8').trim());
  if (seed?.length === SEED_BYTES) return seed;
  throw new Failure('usage', 'key-file-invalid', `${file} holds no key.`, 'Make one: terachat admission key FILE');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^[1-9]\d*$/.test(text) || count > MAX_COUNT) {
    throw new InvalidArgumentError(`A whole number from 1 to ${MAX_COUNT}.`);
  }
  return count;
}
