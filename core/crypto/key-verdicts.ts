/** Remembers which keys are admissible, since finding out costs a scalar multiplication. */
export interface KeyVerdicts {
  isAdmissible(key: Uint8Array): boolean;
}

/**
 * A bounded memory, first in first out: to push a key out, an attacker has to fill all of it with keys that each made a
 * valid signature. Refusals are remembered too, or one mixed-order key could ask for the multiplication every time.
 */
export function createKeyVerdicts(maxKeys: number, decide: (key: Uint8Array) => boolean): KeyVerdicts {
  if (!(maxKeys >= 1)) throw new RangeError('a key memory holds at least one key');
  const verdicts = new Map<string, boolean>();
  return {
    isAdmissible: (key) => {
      const name = nameOf(key);
      const known = verdicts.get(name);
      if (known !== undefined) return known;
      const verdict = decide(key);
      if (verdicts.size >= maxKeys) verdicts.delete(verdicts.keys().next().value as string);
      verdicts.set(name, verdict);
      return verdict;
    },
  };
}

/** One character a byte: the cheapest exact map key that bytes have. */
function nameOf(key: Uint8Array): string {
  return String.fromCharCode.apply(undefined, key as unknown as number[]);
}
