import { compileKernelBuilds } from '../../sdk/erasure-kernel.ts';
import { registerSuites } from './register-suites.ts';

registerSuites(`node-${process.versions.node}`, await compileKernelBuilds());
