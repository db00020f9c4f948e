import { Command } from 'commander';

/** In no argument that a shell hands over. */
const SHIELD = '\0';
/** An id or its beginning: the options of this program that have one dash have one letter. */
const BEGINNING_OF_ID = /^-[\w][\w-]+$/;
/** A whole id: no option has a name of this length. */
const WHOLE_ID = /^-[\w-]{42}$/;

/**
 * A command that takes ids which begin with a dash, as one of 64 does, for arguments. The parser would take `-hQ3xYw`
 * for the option `-h`, and tell somebody who copied it that there is no option of the kind.
 */
export class IdAwareCommand extends Command {
  override createCommand(name?: string): Command {
    return new IdAwareCommand(name);
  }

  override parseOptions(args: string[]): { operands: string[]; unknown: string[] } {
    const shielded = args.map((argument, i) => (this.#takesValue(args[i - 1]) ? argument : shield(argument)));
    const { operands, unknown } = super.parseOptions(shielded);
    return { operands: operands.map(unshield), unknown: unknown.map(unshield) };
  }

  /** The parser takes what follows such an option as it is. */
  #takesValue(argument: string | undefined): boolean {
    return this.options.some(({ required, long, short }) => required && (argument === long || argument === short));
  }
}

function shield(argument: string): string {
  return BEGINNING_OF_ID.test(argument) || WHOLE_ID.test(argument) ? SHIELD + argument : argument;
}

function unshield(argument: string): string {
  return argument.startsWith(SHIELD) ? argument.slice(SHIELD.length) : argument;
}
