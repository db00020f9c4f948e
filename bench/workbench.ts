import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildWorker, spawnRelay, type SpawnedRelay } from '../workers/local.ts';

/** What scenarios run against: the relay as it ships and the bare objects, each on a workerd of its own. */
export interface Workbench {
  readonly relay: SpawnedRelay;
  readonly floors: SpawnedRelay;
  /** How much of its usual work a round does. */
  readonly scale: number;
  /** Shown while it runs. */
  report(message: string): void;
}

export interface OpenWorkbench extends Workbench {
  /** Ends both and deletes what they stored. */
  close(): Promise<void>;
}

const FLOORS_CONFIG = fileURLToPath(new URL('floors/wrangler.toml', import.meta.url));

export async function openWorkbench({ scale, report }: Pick<Workbench, 'scale' | 'report'>): Promise<OpenWorkbench> {
  const folder = mkdtempSync(join(tmpdir(), 'terachat-bench-'));
  const opened: SpawnedRelay[] = [];
  const close = async () => {
    await Promise.all(opened.map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    report('starting the relay');
    opened.push(await spawnRelay({ folder: join(folder, 'relay'), port: 0 }));
    report('starting the floors');
    const bundle = await buildWorker({ config: FLOORS_CONFIG, folder: join(folder, 'floors-bundle') });
    opened.push(await spawnRelay({ folder: join(folder, 'floors'), port: 0, bundle }));
  } catch (cause) {
    await close();
    throw cause;
  }
  const [relay, floors] = opened as [SpawnedRelay, SpawnedRelay];
  return { relay, floors, scale, report, close };
}
