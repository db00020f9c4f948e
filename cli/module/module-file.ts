import { createReadStream } from 'node:fs';
import {
  MAX_MODULE_BYTES,
  MODULE_RULES,
  verifyModuleStatically,
  type ModuleRefusal,
  type VerifiedModule,
} from '../../core/index.ts';
import { Failure } from '../failure.ts';

/** Of a larger file only as much as shows that it is no module. */
export async function readModuleFile(file: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(file, { end: MAX_MODULE_BYTES })) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
}

/** The module in a file, or the rule that it breaks. */
export async function readPolicyModule(file: string): Promise<VerifiedModule> {
  const verified = verifyModuleStatically(await readModuleFile(file));
  if (verified.ok) return verified.value;
  throw noPolicyModule(file, verified.error);
}

export function noPolicyModule(file: string, { rule, offset }: ModuleRefusal): Failure {
  const message = `${file} is no policy module. At byte ${offset}: ${MODULE_RULES[rule]} (${rule}).`;
  return new Failure('failed', rule, message, 'docs/spec/policies.md says what a module may have.');
}
