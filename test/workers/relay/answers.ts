import { expect } from 'vitest';
import { MEDIA_TYPE, type Problem } from '../../../core/index.ts';

/** The bytes of a binary answer; anything else fails the test. */
export async function bytesOf(response: Response): Promise<Uint8Array> {
  expect(response.headers.get('content-type')).toBe(MEDIA_TYPE);
  expect(response.status).toBeLessThan(300);
  return new Uint8Array(await response.arrayBuffer());
}

/** The problem that an answer is; anything else fails the test. */
export async function problemOf(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Problem;
  expect(problem.status).toBe(response.status);
  return problem;
}
