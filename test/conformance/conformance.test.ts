import { compileKernelBuilds } from '../../sdk/erasure-kernel.ts';
import { readVectors, vectorsPath } from './read-vectors.ts';
import { registerSuites } from './register-suites.ts';

registerSuites(`node-${process.versions.node}`, readVectors(vectorsPath()), await compileKernelBuilds());
