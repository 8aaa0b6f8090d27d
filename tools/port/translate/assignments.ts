// SPDX-License-Identifier: GPL-2.0-only
/** Assignments of C as values: plain ones, with an operator, and counting up or down. */
import { describe, INT, isInt } from './ctypes.js';
import { part } from './declarators.js';
import { arithmetic, toInt } from './integers.js';
import type { Node } from './nodes.js';
import { type Place, Places } from './places.js';
import { childrenOf, Untranslatable } from './scope.js';
import { literal, type Value, value } from './values.js';

export abstract class Assignments extends Places {
  /** The variable is known not to be NULL from here on. One in a Ref can be changed behind our back. */
  protected prove(name: string): void {
    const variable = this.lookup(name);
    if (variable === null || variable.boxed || variable.type.kind !== 'pointer') return;
    if (this.emptied.has(variable.key)) return;
    if (this.variableValue(variable).errable) return;
    this.narrowed.add(variable.key);
  }

  // --- Assignments ---

  protected assignment(node: Node): Value {
    const [left, right] = [part(node, 'left'), part(node, 'right')];
    const operator = part(node, 'operator').text;
    const place = this.placeOf(left);
    if (operator === '=') return this.store(place, this.translate(right));
    const { type } = place.value;
    if (!isInt(type)) throw new Untranslatable(`${operator} of a ${describe(type)}`);
    return this.compound(place, operator.slice(0, -1), this.translate(right), left);
  }

  /** `place = given`, as an expression whose value is what the place then has. */
  protected store(place: Place, given: Value): Value {
    const { type } = place.value;
    if (type.kind === 'array') throw new Untranslatable('an array is assigned to');
    if (place.choice && !(given.fixed && /^[A-Z]\w+$/.test(given.code))) {
      throw new Untranslatable(`${given.code} for what is one of a few numbers here`);
    }
    if (place.variable !== null && !place.variable.boxed) {
      this.narrowed.delete(place.variable.key);
      this.emptied.delete(place.variable.key);
      if (given.code === 'null') this.emptied.add(place.variable.key);
    }
    const effects = true;
    if (type.kind === 'struct')
      return value(`(${this.storeStruct(place, given, type.name)})`, type, 'object', { place: true, effects });
    const code = this.codeFor(given, type, place.rep, place.key);
    if (place.key === null && isInt(type) && place.variable !== null) this.file.facts.giveAll(place.variable.key, type);
    const one = this.convert(given, type);
    const { nullable, errable } = one;
    const refuses = !isInt(type) && (nullable || errable) && !this.takesNull(place);
    const stored = refuses ? `${this.use('deref')}(${code})` : code;
    if (place.variable !== null && !nullable && !errable) this.prove(place.variable.name);
    return {
      ...place.value,
      code: `(${place.store(stored)})`,
      range: one.range,
      place: false,
      effects,
      nullable,
      errable,
    };
  }

  /** Does TypeScript allow null in the place? */
  private takesNull(place: Place): boolean {
    if (place.key !== null || place.variable !== null) return true;
    return place.value.nullable || place.value.errable || place.value.rep === 'unknown';
  }

  private storeStruct(place: Place, given: Value, name: string): string {
    const one = this.convert(given, place.value.type);
    const target = place.value.code;
    if (name === 'pgprot_t' || name === 'vm_userfaultfd_ctx') return place.store(one.code);
    if (name === 'vma_flags_t') {
      // A field of the port copies what it is given; any other place is filled in place.
      const field = place.key === null && place.variable === null && target.includes('.') && !target.endsWith('.value');
      return field ? place.store(one.code) : `${target}.assign(${one.code})`;
    }
    return `${this.use('struct_assign')}(${[target, one.code, ...this.embedded(name)].join(', ')})`;
  }

  private compound(place: Place, operator: string, given: Value, left: Node): Value {
    const { type } = place.value;
    if (!isInt(type)) throw new Untranslatable(`${operator}= of a ${describe(type)}`);
    if (!isPure(left)) throw new Untranslatable(`${operator}= of a place that is worked out twice`);
    if (place.choice) throw new Untranslatable(`${operator}= of what is one of a few numbers here`);
    const result = arithmetic(operator, place.value, given, this.helper);
    const one = toInt(result, type, this.helper);
    const small = given.fixed && given.range.lo >= -(2n ** 20n) && given.range.hi <= 2n ** 20n;
    const steps = place.key !== null && small && (operator === '+' || operator === '-');
    if (steps) this.step(place, operator === '+' ? given.range : { lo: -given.range.hi, hi: -given.range.lo });
    else if (place.key !== null) this.file.facts.give(place.key, one, type);
    const code = this.held(one, place.rep);
    const own = `(${place.value.code} ${operator} `;
    const short = code.startsWith(own) && place.store('') === `${place.value.code} = ` && !operator.startsWith('<');
    if (short)
      return {
        ...one,
        code: `(${place.value.code} ${operator}= ${code.slice(own.length, -1)})`,
        rep: place.rep,
        effects: true,
      };
    return { ...one, code: `(${place.store(code)})`, rep: place.rep, effects: true };
  }

  /** The place is counted by a constant. */
  protected step(place: Place, by: { lo: bigint; hi: bigint }): void {
    const { key, value: held } = place;
    if (key !== null) this.file.facts.step(key, held.type, by, this.stepLimit(key));
  }

  /** What a loop lets its counter become. */
  protected abstract stepLimit(key: string): { lo: bigint; hi: bigint } | null;

  protected update(node: Node): Value {
    const argument = part(node, 'argument');
    const place = this.placeOf(argument);
    const { type } = place.value;
    const prefix = /^(?:\+\+|--)$/.test(node.children[0]?.text ?? '');
    const sign = (prefix ? node.children[0] : node.children[1])?.text ?? '';
    if (!isInt(type)) throw new Untranslatable(`${sign} of a ${describe(type)}`);
    if (type.bool || place.choice || !isPure(argument)) throw new Untranslatable(`${sign} of such a place`);
    const one = sign === '++' ? 1n : -1n;
    this.step(place, { lo: one, hi: one });
    const result = toInt(arithmetic(sign[0] ?? '+', place.value, literal(1n, INT), this.helper), type, this.helper);
    const { code } = place.value;
    const range = prefix ? result.range : place.value.range;
    const plain =
      place.rep === 'number' && result.code === `(${code} ${sign[0]} 1)` && place.store('') === `${code} = `;
    if (plain) return value(prefix ? `${sign}${code}` : `${code}${sign}`, type, 'number', { range, effects: true });
    const stored = place.store(this.held(result, place.rep));
    if (prefix) return { ...result, code: `(${stored})`, rep: place.rep, effects: true };
    // The value before it: the step taken back again.
    const now = { ...place.value, effects: false };
    const back = toInt(arithmetic(sign === '++' ? '-' : '+', now, literal(1n, INT), this.helper), type, this.helper);
    return { ...back, code: `(${stored}, ${back.code})`, range, effects: true };
  }
}

/** Can it be evaluated twice with the same result? */
export function isPure(node: Node): boolean {
  if (/^(?:call_expression|assignment_expression|update_expression)$/.test(node.type)) return false;
  return childrenOf(node).every(isPure);
}
