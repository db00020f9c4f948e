const DISK_FULL = 'the disk is full';

/** Why something can't be read or written. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'nothing can be written there',
  ENOSPC: DISK_FULL,
  EDQUOT: DISK_FULL,
};

/** In plain words, where there are any. */
export function reasonOf(cause: unknown): string {
  return REASONS[codeOf(cause)] ?? (cause instanceof Error ? cause.message : String(cause));
}

const REASONS_OF_FILE: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  EEXIST: 'it is there already',
  EISDIR: 'it is a folder',
};

/** What the system says of a file that somebody named; undefined for any other error. */
export function fileErrorMessage(cause: unknown): string | undefined {
  if (!(cause instanceof Error && 'syscall' in cause && 'path' in cause)) return undefined;
  return `${String(cause.path)} can't be used: ${REASONS_OF_FILE[codeOf(cause)] ?? reasonOf(cause)}.`;
}

/** Whether the system refused it, and not this program. */
export function isOfSystem(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause && 'errno' in cause;
}

/** What the system says of a write: not of which file. */
export function isDiskFull(cause: unknown): boolean {
  return isOfSystem(cause) && reasonOf(cause) === DISK_FULL;
}

/** As Node names it, such as `ENOSPC`; empty for what is none of the system. */
export function codeOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
