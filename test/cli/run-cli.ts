import { vi } from 'vitest';
import { runCli } from '../../cli/cli.ts';

/** What a command wrote, and its exit code. */
export interface Said {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process: for what starts nothing and waits for nobody. */
export async function runHere(...args: string[]): Promise<Said> {
  const written = { out: '', err: '' };
  const spies = (['out', 'err'] as const).map((name) =>
    vi.spyOn(process[`std${name}`], 'write').mockImplementation((text) => Boolean((written[name] += String(text)))),
  );
  try {
    return { exit: await runCli(['node', 'terachat', ...args]), ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
