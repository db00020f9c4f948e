import type { CheckJobs } from '../../core/index.ts';
import type { PlatformOptions } from '../../sdk/index.ts';
import type { Wire } from './line.ts';

/** An object of the relay, by its name. */
export interface RelayObject {
  readonly kind: 'chain' | 'device';
  readonly name: string;
}

/** The relay under test, and what may befall it. What a setting can't do is left out, and no command asks for it. */
export interface ModelRelay {
  readonly url: string;
  readonly wire: Wire;
  /** What its clients have of the platform beneath them. */
  readonly platform: PlatformOptions;
  readonly check: CheckJobs;
  /** What went wrong inside of it since it was asked last, by its own word. */
  readonly incidents?: () => readonly string[];
  /** Kills the object in the middle of whatever it does; in another setting, the whole relay. */
  kill(object: RelayObject): Promise<void>;
  /** Resolves once it answers again. */
  readonly untilUp?: () => Promise<void>;
  /** Takes an object out of memory once it is idle; its sockets stay. */
  readonly evict?: (object: RelayObject) => Promise<void>;
  /** Remembers what the objects have stored; the function has them all go back to that, when nobody asks anything of them. */
  readonly remember?: (objects: readonly RelayObject[]) => Promise<() => Promise<void>>;
  /** Work that is due runs now. Where it is left out, it runs by itself. */
  readonly runJobs?: (object: RelayObject) => Promise<void>;
  /** Sets its clock, to so many ms before or after the machine's. */
  readonly setClock?: (offsetMs: number) => void;
}
