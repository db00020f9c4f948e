/** What a script learns from how `terachat` ended; printed under `terachat --help`. */
export const EXIT = {
  ok: { code: 0, meaning: 'done' },
  failed: { code: 1, meaning: 'refused, or what was named is not there; the message says what to do' },
  usage: { code: 2, meaning: 'wrong arguments, or a file, folder or port here that can’t be used' },
  unverified: {
    code: 3,
    meaning: 'something does not verify: a fork, a broken log, a false answer',
  },
  unreachable: { code: 4, meaning: 'no answer from the relay; trying again is safe' },
  interrupted: { code: 130, meaning: 'stopped by Ctrl-C' },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly meaning: string }>>;

export type ExitName = keyof typeof EXIT;
