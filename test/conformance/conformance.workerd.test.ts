import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { openWorkerdKernel, workerdKernelBuilds } from '../../durable-objects/platform/erasure-kernel.ts';
import { kernelsOf } from '../support/erasure-kernels.ts';
import { registerSuites } from './register-suites.ts';
import type { Vectors } from './vectors.ts';

/** A binding, since workerd has no file system. */
const { VECTORS: vectors } = env as unknown as { readonly VECTORS: Vectors };

test('this is workerd', () => expect(navigator.userAgent).toBe('Cloudflare-Workers'));

test('[RS5] workerd has both builds and takes the relaxed one', () => {
  expect(kernelsOf(workerdKernelBuilds).map(({ name }) => name)).toEqual(['relaxed-simd', 'simd', 'portable']);
  expect(openWorkerdKernel().name).toBe('relaxed-simd');
});

registerSuites('workerd', vectors, workerdKernelBuilds);
