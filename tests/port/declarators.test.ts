// SPDX-License-Identifier: GPL-2.0-only
/** Declarations of C as types: inside out, as C has them, and those that are refused. */
import t from 'tap';
import type { CType } from '../../tools/port/translate/ctypes.js';
import {
  declaredBy,
  fieldsOf,
  part,
  refuseAttributes,
  signatureOf,
  type TypeNames,
  typeNamed,
} from '../../tools/port/translate/declarators.js';
import { type Node, plain } from '../../tools/port/translate/nodes.js';
import { findAll } from '../../tools/port/translate/scope.js';
import { parseC } from '../../tools/table/c_source.js';

const NAMES: TypeNames = { typedefs: new Map(), numbers: new Map([['THREE', 3n]]) };

/** A type as one would say it. */
function said(type: CType): string {
  switch (type.kind) {
    case 'int':
      return `${type.signed ? 's' : 'u'}${type.bits}`;
    case 'pointer':
      return `pointer to ${said(type.to)}`;
    case 'array':
      return `array of ${type.length ?? 'some'} ${said(type.of)}`;
    case 'struct':
    case 'unknown':
      return type.name;
    case 'function':
      return `function(${type.parameters.map(said).join(', ')}${type.variadic ? ', ...' : ''}) of ${said(type.returns)}`;
    default:
      return type.kind;
  }
}

async function found(text: string, type: string): Promise<Node> {
  const [node] = findAll(plain((await parseC(text)).rootNode, text), (one) => one.type === type);
  if (node === undefined) throw new Error(`no ${type}: ${text}`);
  return node;
}

t.test('what is declared', async (t) => {
  const cases: [text: string, ...said: string[]][] = [
    ['int a;', 'a: s32'],
    ['unsigned long *a, b[3];', 'a: pointer to u64', 'b: array of 3 u64'],
    ['int a[THREE - 1][2] = { };', 'a: array of 2 array of 2 s32'],
    ['int a[] = { 1 };', 'a: array of some s32'],
    ['int *(*a)[2];', 'a: pointer to array of 2 pointer to s32'],
    ['int (*f)(int, char *);', 'f: pointer to function(s32, pointer to s8) of s32'],
    [
      'void f(int a[3], int fn(int), ...);',
      'f: function(pointer to s32, pointer to function(s32) of s32, ...) of void',
    ],
    ['int f(void);', 'f: function() of s32'],
    ['struct mm_struct *f(struct mm_struct);', 'f: function(mm_struct) of pointer to mm_struct'],
    ['int f(int (*)(int));', 'f: function(pointer to function(s32) of s32) of s32'],
    ['int f(int *[2]);', 'f: function(pointer to pointer to s32) of s32'],
  ];
  for (const [text, ...wanted] of cases) {
    const declared = declaredBy(await found(text, 'declaration'), NAMES);
    t.same(
      declared.map(({ name, type }) => `${name}: ${said(type)}`),
      wanted,
      text,
    );
  }
  const [, second] = declaredBy(await found('int a, b = 5;', 'declaration'), NAMES);
  t.equal(second?.value?.text, '5');
});

t.test('the type that a cast or sizeof names', async (t) => {
  const cases: [text: string, said: string][] = [
    ['int', 's32'],
    ['unsigned char *', 'pointer to u8'],
    ['char **', 'pointer to pointer to s8'],
    ['int [3]', 'array of 3 s32'],
    ['int (*)(int)', 'pointer to function(s32) of s32'],
    ['int (*)[2]', 'pointer to array of 2 s32'],
    ['int (int)', 'function(s32) of s32'],
    ['struct mm_struct *', 'pointer to mm_struct'],
  ];
  for (const [text, wanted] of cases) {
    const node = await found(`int n = sizeof(${text});`, 'type_descriptor');
    t.equal(said(typeNamed(node, NAMES)), wanted, text);
    t.equal(
      typeNamed(await found('int n;', 'primitive_type'), NAMES, { kind: 'void' }).kind,
      'void',
      'one that is known',
    );
  }
  t.equal(said(typeNamed(await found('char n;', 'primitive_type'), NAMES)), 's8', 'a specifier by itself');
});

t.test('functions', async (t) => {
  const signature = async (text: string): Promise<string> => {
    const { name, returns, parameters, variadic } = signatureOf(await found(text, 'function_definition'), NAMES);
    const list = parameters.map((one) => `${one.name}: ${said(one.type)}`).join(', ');
    return `${name}(${list}${variadic ? ', ...' : ''}) of ${said(returns)}`;
  };
  t.equal(await signature('static int f(int a, char b[]) { }'), 'f(a: s32, b: pointer to s8) of s32');
  t.equal(await signature('char *f(int, ...) { }'), 'f(_unused0: s32, ...) of pointer to s8');
  t.equal(await signature('void (*f(int n))(char) { }'), 'f(n: s32) of pointer to function(s8) of void');
});

t.test('fields, those of nameless parts among them', async (t) => {
  const body = await found(
    `struct s {
       int a : THREE, b;
       struct { int c; union { int d; unsigned int e; }; };
       struct { int g; } f;
       struct other { int h; } i;
       #if 1
       char j[2];
       #endif
       int (*k)(int);
       struct other;
     };`,
    'field_declaration_list',
  );
  t.same(
    fieldsOf(body, NAMES).map(({ name, type, overlaps }) => `${name}: ${said(type)}${overlaps ? ', shared' : ''}`),
    [
      'a: s3',
      'b: s3',
      'c: s32',
      'd: s32, shared',
      'e: u32, shared',
      'f: a nameless struct',
      'i: other',
      'j: array of 2 s8',
      'k: pointer to function(s32) of s32',
    ],
  );
});

t.test('what has no meaning here is refused', async (t) => {
  const declaration = async (text: string): Promise<Node> => found(text, 'declaration');
  const vla = await declaration('int a[n];');
  t.throws(() => declaredBy(vla, NAMES), { name: 'Untranslatable', message: 'an array whose length is no number' });
  const plainOne = await declaration('int a;');
  t.throws(() => part(plainOne, 'body'), { name: 'Untranslatable', message: 'declaration without body' });
  const harmless = await declaration('static int __attribute__((__maybe_unused__)) a;');
  t.doesNotThrow(() => refuseAttributes(harmless));
  const packed = await declaration('int __attribute__((aligned(8))) a;');
  t.throws(() => refuseAttributes(packed), { message: 'an attribute that changes what it stands at: aligned' });
});
