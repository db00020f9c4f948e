/**
 * Writes the vectors of test/vectors that are not there yet. A vector that exists is never written again: what it says is
 * the protocol, and other implementations hold on to it. See test/vectors/README.md.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { admissionVectors } from './vectors/admissions.ts';
import { blobVectors, placementVectors } from './vectors/blobs.ts';
import { chainVectors } from './vectors/chains.ts';
import { encodingDefinitions, encodingVectors } from './vectors/encoding.ts';
import { badEventVectors, bodyVectors, signedEventVectors } from './vectors/events.ts';
import { tamperingVectors } from './vectors/tampering.ts';

const folder = fileURLToPath(new URL('../test/vectors/', import.meta.url));

const files = {
  encoding: () => ({ definitions: encodingDefinitions(), vectors: encodingVectors() }),
  events: () => ({ signed: signedEventVectors(), refused: badEventVectors(), bodies: bodyVectors() }),
  chains: () => ({ chains: chainVectors() }),
  admissions: () => ({ vectors: admissionVectors() }),
  blobs: () => ({ blobs: blobVectors(), placements: placementVectors() }),
  tampering: () => ({ vectors: tamperingVectors() }),
};

for (const [name, make] of Object.entries(files)) {
  const path = `${folder}${name}.json`;
  if (existsSync(path)) {
    console.log(`kept   ${name}.json`);
    continue;
  }
  writeFileSync(path, `${JSON.stringify(make(), undefined, 1)}\n`);
  console.log(`wrote  ${name}.json`);
}
