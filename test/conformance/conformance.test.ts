import { registerSuites } from './register-suites.ts';

registerSuites(`node-${process.versions.node}`);
