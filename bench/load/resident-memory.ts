import { readFileSync } from 'node:fs';

const SAMPLE_MS = 10;

/** Memory of another process that is its own, in MiB: now, and at its most until it is asked. Nothing where the system doesn't say. */
export function watchResidentMemory(pid: number): { readonly growthMiB: () => number | undefined } {
  const before = residentMib(pid);
  let peak = before;
  const timer = setInterval(() => (peak = larger(peak, residentMib(pid))), SAMPLE_MS);
  return {
    growthMiB: () => {
      clearInterval(timer);
      return before === undefined || peak === undefined ? undefined : Math.round(peak - before);
    },
  };
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a : Math.max(a, b);
}

/** Without pages of files, which the kernel takes back at will. */
function residentMib(pid: number): number | undefined {
  try {
    const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) / 1024;
  } catch {
    return undefined;
  }
}
