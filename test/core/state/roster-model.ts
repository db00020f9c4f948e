import type { GrantedRole } from '../../../core/index.ts';

/** A group's members as a person would keep them on paper: by name, with a note of when they came and went. */
export interface ModelMember {
  role: GrantedRole | 'none';
  since: number;
  until: number;
}

export interface ModelChange {
  readonly added: readonly { readonly name: string; readonly role: GrantedRole }[];
  readonly removed: readonly string[];
}

const POWER = { none: 0, reader: 1, member: 2, admin: 3, owner: 4 } as const;

export class RosterModel {
  readonly members = new Map<string, ModelMember>();

  constructor(founder: string) {
    this.members.set(founder, { role: 'owner', since: 0, until: 0 });
  }

  /** Why `by` may not, or undefined; the order of the reasons is that of the rules. */
  judgeChange(by: string, { added, removed }: ModelChange): string | undefined {
    const others = removed.filter((name) => name !== by);
    const everyone = [...added.map(({ role }) => role), ...others.map((name) => this.#ranked(name))];
    const needed = everyone.length > 0 ? 'admin' : removed.length > 0 ? 'reader' : 'member';
    const refusal = this.judgeRole(by, needed);
    if (refusal !== undefined) return refusal;
    if (everyone.some((role) => !this.#mayActOn(by, role))) return 'not-permitted';
    return this.#judgeFit({ added, removed });
  }

  judgeRoleChange(by: string, target: string, role: GrantedRole): string | undefined {
    const refusal = this.judgeRole(by, 'admin');
    if (refusal !== undefined) return refusal;
    if (!this.#mayActOn(by, role)) return 'not-permitted';
    if (target !== by && !this.#mayActOn(by, this.#ranked(target))) return 'not-permitted';
    if (!this.#isIn(target)) return 'no-such-member';
    return role !== 'owner' && this.#ownersWithout([target]) === 0 ? 'last-owner' : undefined;
  }

  judgeRole(by: string, needed: GrantedRole): string | undefined {
    const member = this.members.get(by);
    if (member?.role === 'none') return 'actor-removed';
    return member === undefined || POWER[member.role] < POWER[needed] ? 'not-permitted' : undefined;
  }

  change({ added, removed }: ModelChange, index: number): void {
    for (const name of removed) Object.assign(this.members.get(name)!, { role: 'none', until: index });
    for (const { name, role } of added) this.members.set(name, { role, since: index, until: 0 });
  }

  #judgeFit({ added, removed }: ModelChange): string | undefined {
    const gone: string[] = [];
    for (const name of removed) {
      if (!this.#isIn(name) || gone.includes(name)) return 'no-such-member';
      gone.push(name);
      if (this.#ownersWithout(gone) === 0) return 'last-owner';
    }
    const names = added.map(({ name }) => name);
    const isTaken = names.some((name, i) => this.#isIn(name) || names.indexOf(name) < i);
    return isTaken ? 'already-member' : undefined;
  }

  #mayActOn(by: string, role: GrantedRole | 'none'): boolean {
    const own = this.members.get(by)!.role;
    return own === 'owner' || POWER[role] < POWER[own];
  }

  #ranked(name: string): GrantedRole | 'none' {
    return this.members.get(name)?.role ?? 'none';
  }

  #isIn(name: string): boolean {
    return this.#ranked(name) !== 'none';
  }

  #ownersWithout(names: readonly string[]): number {
    return [...this.members].filter(([name, { role }]) => role === 'owner' && !names.includes(name)).length;
  }
}
