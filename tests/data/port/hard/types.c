// SPDX-License-Identifier: GPL-2.0-only
/* Sizes, enums, unions, function pointers, bools, characters, recursion, bit fields. */

enum type_level { TYPE_NONE, TYPE_SOME = 5, TYPE_MORE, TYPE_ALIAS = TYPE_SOME, TYPE_LAST = -1 };

typedef unsigned short type_word;
typedef int (*type_op)(int, int);

union type_word_bytes {
	unsigned int word;
	unsigned char bytes[4];
};

struct type_bits {
	unsigned int low : 3;
	unsigned int high : 5;
	bool set : 1;
};

static int type_add(int a, int b) { return a + b; }
static int type_sub(int a, int b) { return a - b; }

static int type_apply(type_op op, int a, int b)
{
	return op(a, b);
}

static unsigned long type_factorial(unsigned int n)
{
	return n < 2 ? 1 : n * type_factorial(n - 1);
}

static bool type_odd(unsigned int n);

static bool type_even(unsigned int n)
{
	return n == 0 ? true : type_odd(n - 1);
}

static bool type_odd(unsigned int n)
{
	return n == 0 ? false : type_even(n - 1);
}

static bool type_has(unsigned long flags, unsigned long bit)
{
	return flags & bit;
}

static int type_true_is(bool b)
{
	return b;
}

static bool test_type_sizes(void)
{
	ASSERT_EQ(sizeof(int), 4);
	ASSERT_EQ(sizeof(unsigned long), 8);
	ASSERT_EQ(sizeof(void *), 8);
	ASSERT_EQ(sizeof(char), 1);
	ASSERT_EQ(sizeof(type_word), 2);
	return true;
}

static bool test_type_size_of_character(void)
{
	/* Fails: a character constant is an int. */
	ASSERT_EQ(sizeof('a'), 1);
	return true;
}

static bool test_type_size_does_not_evaluate(void)
{
	int n = 1;

	ASSERT_EQ(sizeof(n++), 4);
	/* Fails: what sizeof holds is not evaluated. */
	ASSERT_EQ(n, 2);
	return true;
}

static bool test_type_size_of_pointer(void)
{
	int a[10] = {};
	int *p = a;

	ASSERT_EQ(sizeof(a), 40);
	ASSERT_EQ(sizeof(*p), 4);
	/* Fails: a pointer, not the array. */
	ASSERT_EQ(sizeof(p), 40);
	return true;
}

static bool test_type_enum_values(void)
{
	ASSERT_EQ(TYPE_MORE, 6);
	ASSERT_EQ(TYPE_ALIAS, 5);
	ASSERT_EQ(TYPE_LAST + 1, TYPE_NONE);
	return true;
}

static bool test_type_enum_alias(void)
{
	enum type_level level = TYPE_ALIAS;

	/* Fails: two names of one value. */
	ASSERT_NE(level, TYPE_SOME);
	return true;
}

static bool test_type_enum_arithmetic(void)
{
	enum type_level level = TYPE_NONE;

	level = TYPE_SOME + 1;
	ASSERT_EQ(level, TYPE_MORE);
	level++;
	ASSERT_EQ(level, 7);
	return true;
}

static bool test_type_union(void)
{
	union type_word_bytes u = { .word = 0x01020304 };

	ASSERT_EQ(u.bytes[0], 4);
	u.bytes[3] = 0x80;
	ASSERT_EQ(u.word, 0x80020304u);
	return true;
}

static bool test_type_union_is_no_struct(void)
{
	union type_word_bytes u = {};

	u.word = 0xff;
	/* Fails: the same place. */
	ASSERT_EQ(u.bytes[0], 0);
	return true;
}

static bool test_type_function_pointers(void)
{
	static const type_op ops[] = { type_add, type_sub, NULL };
	type_op op = type_sub;

	ASSERT_EQ(type_apply(op, 5, 3), 2);
	ASSERT_EQ(ops[0](5, 3), 8);
	ASSERT_EQ((*op)(1, 2), -1);
	ASSERT_EQ(op, ops[1]);
	ASSERT_TRUE(!ops[2]);
	return true;
}

static bool test_type_function_pointer_chosen(void)
{
	int n = 3;
	type_op op = n > 2 ? type_sub : &type_add;

	/* Fails: it is the other one. */
	ASSERT_EQ(op(4, 1), 5);
	return true;
}

static bool test_type_bool_result(void)
{
	/* Passes: a bool is made of all bits, not of the lower ones. */
	ASSERT_EQ(type_has(0x300000000UL, 0x100000000UL), 1);
	ASSERT_EQ(type_has(6, 4), true);
	return true;
}

static bool test_type_bool_result_keeps_bit(void)
{
	/* Fails: 1. */
	ASSERT_EQ(type_has(6, 4), 4);
	return true;
}

static bool test_type_bool_parameter(void)
{
	ASSERT_EQ(type_true_is(5), 1);
	ASSERT_EQ(type_true_is(-1), 1);
	/* Fails. */
	ASSERT_EQ(type_true_is(2), 2);
	return true;
}

static bool test_type_comparison_is_int(void)
{
	int n = 5;

	ASSERT_EQ((n > 3) + (n > 4) + (n > 5), 2);
	ASSERT_EQ((n == 5) << 3, 8);
	ASSERT_EQ(-(n != 0), -1);
	return true;
}

static bool test_type_char_arithmetic(void)
{
	char c = 'a';

	c += 2;
	ASSERT_EQ(c, 'c');
	ASSERT_EQ('9' - '0', 9);
	ASSERT_EQ("0123456789abcdef"[11], 'b');
	return true;
}

static bool test_type_char_is_signed(void)
{
	char c = 0x80;

	/* Fails: -128. */
	ASSERT_EQ(c, 0x80);
	return true;
}

static bool test_type_recursion(void)
{
	ASSERT_EQ(type_factorial(10), 3628800);
	/* Passes: wraps at 64 bits. */
	ASSERT_EQ(type_factorial(21), 14197454024290336768UL);
	ASSERT_TRUE(type_even(10));
	return true;
}

static bool test_type_recursion_wraps(void)
{
	/* Fails: 20! fits, to the last digit. */
	ASSERT_EQ(type_factorial(20), 2432902008176640001UL);
	return true;
}

static bool test_type_bit_field_wraps(void)
{
	struct type_bits bits = {};

	bits.low = 9;
	bits.high = 31;
	bits.high++;
	ASSERT_EQ(bits.low + 0, 1);
	ASSERT_EQ(bits.high + 0, 0);
	return true;
}

static bool test_type_bit_field_bool(void)
{
	struct type_bits bits = { .set = 2 };

	/* Fails: 1. */
	ASSERT_EQ(bits.set + 0, 0);
	return true;
}

static bool test_type_typedef_narrows(void)
{
	type_word w = 0x12345;
	type_word sum = w + w;

	ASSERT_EQ(w, 0x2345);
	w = -w;
	ASSERT_EQ(w, 0xdcbb);
	/* Fails: cut to 16 bits each time. */
	ASSERT_EQ(sum, 0x2468a);
	return true;
}

static void run_types_tests(int *num_tests, int *num_fail)
{
	TEST(type_sizes);
	TEST(type_size_of_character);
	TEST(type_size_does_not_evaluate);
	TEST(type_size_of_pointer);
	TEST(type_enum_values);
	TEST(type_enum_alias);
	TEST(type_enum_arithmetic);
	TEST(type_union);
	TEST(type_union_is_no_struct);
	TEST(type_function_pointers);
	TEST(type_function_pointer_chosen);
	TEST(type_bool_result);
	TEST(type_bool_result_keeps_bit);
	TEST(type_bool_parameter);
	TEST(type_comparison_is_int);
	TEST(type_char_arithmetic);
	TEST(type_char_is_signed);
	TEST(type_recursion);
	TEST(type_recursion_wraps);
	TEST(type_bit_field_wraps);
	TEST(type_bit_field_bool);
	TEST(type_typedef_narrows);
}
