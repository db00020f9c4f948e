/** Why something can't be read or written. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'nothing can be written there',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk is full',
};

/** In plain words, where there are any. */
export function reasonOf(cause: unknown): string {
  return REASONS[codeOf(cause)] ?? (cause instanceof Error ? cause.message : String(cause));
}

/** Whether the system refused it, and not this program. */
export function isOfSystem(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause && 'errno' in cause;
}

/** As Node names it, such as `ENOSPC`; empty for what is none of the system. */
export function codeOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
