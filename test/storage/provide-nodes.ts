import type { TestProject } from 'vitest/node';
import { startNodeServers } from './node-servers.ts';

/** Runs in Node before the tests of storage nodes: workerd can call servers, but start none. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { servers, stop } = await startNodeServers();
  project.provide('nodes', servers);
  return stop;
}
