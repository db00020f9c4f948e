/** The seed of a run, said out loud: `FUZZ_SEED` in the environment plays it again. */
export function fuzzSeed(): number {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 0x7fff_ffff);
  console.info(`FUZZ_SEED=${seed} plays this again`);
  return seed;
}
