import type { TestProject } from 'vitest/node';
import { replayRequest } from './replay.ts';

/** Runs in Node before all tests: workerd has no environment variables of the process that starts it. */
export function setup(project: TestProject): void {
  project.provide('model', replayRequest(process.env));
}
