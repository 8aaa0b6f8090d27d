// SPDX-License-Identifier: GPL-2.0-only
/**
 * Policies and names of VMAs, with references on them, and the state that NUMA balancing keeps. No VMA has a policy or a
 * name unless a test gives it one; then a copy has it too, merging looks at it, and all references must be back in the
 * end.
 */
import type { anon_vma_name, mempolicy, vm_area_struct } from '../../include/mm_types.js';
import { describeVma } from '../../stubs/freed.js';
import { Place } from '../../stubs/place.js';
import type { Reports } from './reports.js';

export class Attributes {
  private readonly reports: Reports;
  private readonly policies: WeakMap<vm_area_struct, mempolicy>;
  private readonly names: WeakMap<vm_area_struct, anon_vma_name>;
  /** References that VMAs hold. */
  private readonly policyRefs: Map<mempolicy, number>;
  private readonly nameRefs: Map<anon_vma_name, number>;
  private readonly givenPolicies: WeakSet<mempolicy>;
  private hasPolicies: boolean;
  /** VMAs with a NUMA state. */
  private readonly numab: WeakSet<vm_area_struct>;

  constructor(reports: Reports) {
    this.reports = reports;
    this.policies = new WeakMap();
    this.names = new WeakMap();
    this.policyRefs = new Map();
    this.nameRefs = new Map();
    this.givenPolicies = new WeakSet();
    this.hasPolicies = false;
    this.numab = new WeakSet();
  }

  /** As the harness has it, all are equal, until a test gives a VMA a policy. */
  isEqualPolicy(a: mempolicy | null, b: mempolicy | null): boolean {
    return !this.hasPolicies || a === b;
  }

  isEqualName(a: anon_vma_name | null, b: anon_vma_name | null): boolean {
    return a === b || (a !== null && b !== null && a.name === b.name);
  }

  /** Gives the VMA a policy, with a reference; null takes it away, and drops the reference. */
  setPolicy(vma: vm_area_struct, policy: mempolicy | null): void {
    const old = this.policies.get(vma) ?? null;
    if (old === policy) return;
    if (policy !== null) {
      this.hasPolicies = true;
      this.givenPolicies.add(policy);
      this.policies.set(vma, policy);
      this.policyRefs.set(policy, (this.policyRefs.get(policy) ?? 0) + 1);
    } else {
      this.policies.delete(vma);
    }
    this.putPolicy(old);
  }

  policyOf(vma: vm_area_struct): mempolicy | null {
    return this.policies.get(vma) ?? null;
  }

  putPolicy(policy: mempolicy | null): void {
    // A policy that no VMA was given is a test's own.
    if (policy === null || !this.givenPolicies.has(policy)) return;
    const refs = this.policyRefs.get(policy);
    if (refs === undefined) this.reports.complain(`policy: a reference was dropped at ${new Place()} that is not held`);
    else if (refs > 1) this.policyRefs.set(policy, refs - 1);
    else this.policyRefs.delete(policy);
  }

  /** Gives the VMA a name, with a reference; null takes it away. */
  setName(vma: vm_area_struct, name: anon_vma_name | null): void {
    const old = this.names.get(vma) ?? null;
    if (old === name) return;
    this.freeName(vma);
    if (name === null) return;
    this.names.set(vma, name);
    vma.anon_name = name;
    name.kref++;
    this.nameRefs.set(name, (this.nameRefs.get(name) ?? 0) + 1);
  }

  nameOf(vma: vm_area_struct): anon_vma_name | null {
    return this.names.get(vma) ?? null;
  }

  /** vm_area_dup() has the copy share the name. */
  dupName(from: vm_area_struct, to: vm_area_struct): void {
    if (!this.numab.has(to)) {
      this.reports.complain(`numa: vma_numab_state_init() was not called for a copy of ${describeVma(from)}`);
    }
    this.setName(to, this.nameOf(from));
  }

  freeName(vma: vm_area_struct): void {
    const name = this.names.get(vma);
    if (name === undefined) return;
    this.names.delete(vma);
    vma.anon_name = null;
    name.kref--;
    const refs = this.nameRefs.get(name) ?? 0;
    if (refs > 1) this.nameRefs.set(name, refs - 1);
    else this.nameRefs.delete(name);
  }

  initNuma(vma: vm_area_struct): void {
    this.numab.add(vma);
  }

  freeNuma(vma: vm_area_struct): void {
    this.numab.delete(vma);
  }

  /** A VMA dies: what it has is let go of before, but for the policy, which is put by whoever has it freed. */
  assertFreed(vma: vm_area_struct): void {
    if (this.names.has(vma))
      this.reports.complain(`name: ${describeVma(vma)} freed at ${new Place()} has its name still`);
    if (this.numab.has(vma)) {
      this.reports.complain(`numa: ${describeVma(vma)} freed at ${new Place()} has its NUMA state still`);
    }
    this.freeName(vma);
    this.numab.delete(vma);
  }

  end(): void {
    for (const refs of this.policyRefs.values()) this.reports.complain(`leak: a policy has ${refs} references`);
    for (const [{ name }, refs] of this.nameRefs) this.reports.complain(`leak: name ${name} has ${refs} references`);
  }
}
