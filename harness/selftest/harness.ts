// SPDX-License-Identifier: GPL-2.0-only
/**
 * Fixtures and tests by the names of kselftest_harness.h. Each case has a process of its own, and, on the port, a world
 * of its own.
 *
 * Two differences: a fixture that is torn down in the parent process, in C, is torn down in the test's own; and memory
 * that tests share with their children through `self` is copied like all the rest of it.
 */
import { currentCase, ProcessExit, type SelftestCase } from './case.js';
import { registerCase, registerLeftOut, registerTodo } from './run_case.js';

/** What the processes of a case do with what the fixture gave them. */
type Step<Self, Variant> = (self: Self, variant: Variant) => void;

/** A fixture: what tests are given, and how it is set up and torn down. */
export interface Fixture<Self, Variant> {
  readonly name: string;
  /** The fields of `self`, as memory is before anybody has set it. */
  readonly make: () => Self;
  readonly variants: Map<string, Variant>;
  setup: Step<Self, Variant>;
  teardown: Step<Self, Variant>;
  /** Has a test been registered? Then no variant can come any more. */
  isUsed: boolean;
}

/** The type of a fixture's variants. */
export interface VariantType<Variant> {
  readonly none?: Variant;
}

/** The type of what the variants of a fixture differ in. */
export function FIXTURE_VARIANT<Variant>(): VariantType<Variant> {
  return {};
}

/** A fixture: `make` gives its fields their values before the set-up. */
export function FIXTURE<Self>(name: string, make: () => Self): Fixture<Self, null>;
export function FIXTURE<Self, Variant>(
  name: string,
  make: () => Self,
  variants: VariantType<Variant>,
): Fixture<Self, Variant>;
export function FIXTURE<Self, Variant>(
  name: string,
  make: () => Self,
  variants?: VariantType<Variant>,
): Fixture<Self, Variant> | Fixture<Self, null> {
  const fixture = { name, make, setup: () => {}, teardown: () => {}, isUsed: false };
  if (variants === undefined) return { ...fixture, variants: new Map([['', null]]) };
  return { ...fixture, variants: new Map<string, Variant>() };
}

/** One more variant, with which each test of the fixture runs. */
export function FIXTURE_VARIANT_ADD<Self, Variant>(
  fixture: Fixture<Self, Variant>,
  name: string,
  variant: NoInfer<Variant>,
): void {
  if (fixture.isUsed) throw new Error(`FIXTURE_VARIANT_ADD: ${fixture.name} has tests already: ${name} comes too late`);
  fixture.variants.set(name, variant);
}

export function FIXTURE_SETUP<Self, Variant>(fixture: Fixture<Self, Variant>, setup: Step<Self, Variant>): void {
  fixture.setup = setup;
}

export function FIXTURE_TEARDOWN<Self, Variant>(fixture: Fixture<Self, Variant>, teardown: Step<Self, Variant>): void {
  fixture.teardown = teardown;
}

export { FIXTURE_TEARDOWN as FIXTURE_TEARDOWN_PARENT };

/** A case that does not run here, and why. It is told as skipped. */
export function LEFT_OUT(name: string, reason: string): void {
  registerLeftOut(name, reason);
}

/** A test on its own that is still to be done, and why: one that fails, as is expected. */
export function TEST_TODO(name: string, reason: string): void {
  registerTodo(`global.${name}`, reason);
}

/** A test of a fixture that is still to be done: in each of its variants. */
export function TEST_F_TODO<Self, Variant>(fixture: Fixture<Self, Variant>, name: string, reason: string): void {
  for (const variant of fixture.variants.keys()) registerTodo(titleOf(fixture, variant, name), reason);
}

/** A case as C's output names it. */
function titleOf<Self, Variant>(fixture: Fixture<Self, Variant>, variant: string, name: string): string {
  return [fixture.name, variant, name].filter((part) => part !== '').join('.');
}

/** A test on its own. */
export function TEST(name: string, body: () => void): void {
  registerCase({ title: `global.${name}`, body });
}

/** A test on its own that is to die of a signal. */
export function TEST_SIGNAL(name: string, signal: number, body: () => void): void {
  registerCase({ title: `global.${name}`, body, signal });
}

/** What one process does: the set-up, the test unless that was skipped, and the tearing down, once for all of them. */
function processOf<Self, Variant>(
  { make, setup, teardown }: Fixture<Self, Variant>,
  variant: Variant,
  body: Step<Self, Variant>,
): () => void {
  const tornDown = new WeakSet<SelftestCase>();
  return () => {
    const one = currentCase('TEST_F');
    const self = make();
    setup(self, variant);
    if (one.skipped !== null) throw new ProcessExit(0);
    body(self, variant);
    if (one.isRepeating || tornDown.has(one)) return;
    tornDown.add(one);
    teardown(self, variant);
  };
}

/** A test of a fixture: one case for each variant. */
export function TEST_F<Self, Variant>(fixture: Fixture<Self, Variant>, name: string, body: Step<Self, Variant>): void {
  testWithSignal(fixture, name, body, 0);
}

/** A test of a fixture that is to die of a signal. */
export function TEST_F_SIGNAL<Self, Variant>(
  fixture: Fixture<Self, Variant>,
  name: string,
  signal: number,
  body: Step<Self, Variant>,
): void {
  testWithSignal(fixture, name, body, signal);
}

function testWithSignal<Self, Variant>(
  fixture: Fixture<Self, Variant>,
  name: string,
  body: Step<Self, Variant>,
  signal: number,
): void {
  if (fixture.variants.size === 0) throw new Error(`TEST_F: ${fixture.name} has no variants: ${name} would never run`);
  fixture.isUsed = true;
  for (const [variantName, variant] of fixture.variants) {
    registerCase({ title: titleOf(fixture, variantName, name), body: processOf(fixture, variant, body), signal });
  }
}

/** Says that the case is skipped, and why: `return SKIP(…)` where C has `SKIP(return, …)`. */
export function SKIP(reason: string): void {
  const one = currentCase('SKIP');
  one.skipped ??= reason.trim();
}
