import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where each node of a local relay keeps its objects, one file each. */
export type FolderOf = (node: string) => string;

/**
 * What a drill does to the files of a local relay while it runs, and undoes. Nothing is deleted before the drill knows that it is not
 * needed: what was there is kept beside.
 */
export class Damage {
  readonly #kept: string;
  readonly #folderOf: FolderOf;

  /** `kept` is a folder on the same disk. One that is there is of a drill that was cut off: `restore` puts it back. */
  constructor(kept: string, folderOf: FolderOf) {
    this.#kept = kept;
    this.#folderOf = folderOf;
  }

  get isLeft(): boolean {
    return existsSync(this.#kept);
  }

  /** The node has nothing and takes nothing: a file stands where its folder was. */
  kill(node: string): void {
    const folder = this.#folderOf(node);
    mkdirSync(folder, { recursive: true });
    mkdirSync(this.#kept, { recursive: true });
    renameSync(folder, this.#keptOf(node));
    writeFileSync(folder, '');
  }

  /** The node is back, with an empty disk. */
  revive(node: string): void {
    const folder = this.#folderOf(node);
    rmSync(folder, { force: true, recursive: true });
    mkdirSync(folder, { recursive: true });
  }

  /** One byte of every object is another. */
  corrupt(node: string): void {
    const blobs = join(this.#folderOf(node), 'blobs');
    mkdirSync(blobs, { recursive: true });
    this.#keepCopy(node);
    for (const name of readdirSync(blobs)) {
      const bytes = readFileSync(join(blobs, name));
      const at = bytes.length >> 1;
      if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ 1;
      writeFileSync(join(blobs, name), bytes);
    }
  }

  /** Puts back what was there. What came meanwhile stays: its files have names of their own. */
  restore(): void {
    if (!this.isLeft) return;
    for (const node of readdirSync(this.#kept)) {
      if (node.endsWith(DRAFT)) continue;
      const folder = this.#folderOf(node);
      if (existsSync(folder) && !isFolder(folder)) rmSync(folder);
      cpSync(this.#keptOf(node), folder, { recursive: true, force: true });
    }
    this.forget();
  }

  /** What was kept is not needed any more. */
  forget(): void {
    rmSync(this.#kept, { recursive: true, force: true });
  }

  /** Under another name until it is whole: half a copy would be put back over what is good. */
  #keepCopy(node: string): void {
    const [draft, kept] = [`${this.#keptOf(node)}${DRAFT}`, this.#keptOf(node)];
    rmSync(draft, { recursive: true, force: true });
    cpSync(this.#folderOf(node), draft, { recursive: true });
    if (!existsSync(kept)) {
      renameSync(draft, kept);
      return;
    }
    // Of one that was damaged before, what was there first is what is good.
    for (const name of readdirSync(join(draft, 'blobs'))) {
      const target = join(kept, 'blobs', name);
      if (!existsSync(target)) renameSync(join(draft, 'blobs', name), target);
    }
    rmSync(draft, { recursive: true });
  }

  #keptOf(node: string): string {
    return join(this.#kept, node);
  }
}

const DRAFT = '.draft';

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
