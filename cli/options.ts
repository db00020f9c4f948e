import { InvalidArgumentError, type Command } from 'commander';
import { DAY_MS, HOUR_MS, MAX_RETENTION_MS, MIN_RETENTION_MS, MINUTE_MS } from '../core/index.ts';
import { MIN_ROTATE_AFTER_MS, type RotateAfter } from '../sdk/index.ts';
import { createOutput, type Output } from './output.ts';

const MAX_PORT = 65_535;
/** Of the relay that is served from the folder where the command runs. */
export const DEFAULT_RELAY_FOLDER = '.terachat';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly profile: string;
  readonly home?: string;
  readonly rotateAfter?: RotateAfter;
}

export function globalOptions(command: Command): GlobalOptions {
  return { json: false, ...command.optsWithGlobals<Omit<GlobalOptions, 'json'>>() };
}

export function commandOutput(command: Command): Output {
  return createOutput(globalOptions(command).json);
}

/** For an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1) throw new InvalidArgumentError('A count is a number from 1.');
  return count;
}

/** Minutes, hours or days as ms, as far as a chain may keep what is said. */
export function parseRetention(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * ({ m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }[unit] ?? 0);
  if (ms >= MIN_RETENTION_MS && ms <= MAX_RETENTION_MS) return ms;
  throw new InvalidArgumentError('Say how long, from 1m to 30d: 90m, 12h or 7d.');
}

/** Days as ms. */
export function parseRotateAfter(text: string): RotateAfter {
  if (text === 'off') return text;
  const ms = Number(text) * DAY_MS;
  if (Number.isFinite(ms) && ms >= MIN_ROTATE_AFTER_MS) return ms;
  throw new InvalidArgumentError('Say how many days, from 0.05 on, or off.');
}

/** Where a relay is: an address as a browser has it. */
export function parseRelayUrl(text: string): string {
  const isAddress = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (!isAddress) throw new InvalidArgumentError('A relay is an address such as https://relay.example.');
  return text;
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT)
    throw new InvalidArgumentError(`A port is a number from 0 to ${MAX_PORT}.`);
  return port;
}
