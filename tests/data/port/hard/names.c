// SPDX-License-Identifier: GPL-2.0-only
/* Names that mean something else elsewhere, scopes, declarations. */

struct names { int value; int length; int clone; int name; int of; };
typedef struct { int x, y; } point;

static int functor(int delete) { return delete + 1; }
static int let(int var) { var++; return var; }
static int names_later(int n);
static int names_tentative;
static int names_tentative = 5;
static int undefined = 3;
static const int NaN = 4;
static int Ref(int n) { return n * 2; }
static int names_table[2][2] = { { 1, 2 }, { 3, 4 } };
extern int names_elsewhere;
int names_elsewhere = 8;

static int (*names_choose(int n))(int) { return n ? functor : let; }

static bool test_names_reserved(void)
{
	int class = 1, new = 2, this = 3, await = 4, typeof_ = 5, in = 6, export = 7, null = 8, yield = 9;

	class += new;
	ASSERT_EQ(class, 3);
	ASSERT_EQ(this + await + typeof_ + in + export + null + yield, 42);
	ASSERT_EQ(functor(let(1)), 3);
	return true;
}

static bool test_names_of_the_test(void)
{
	int t = 5, test = 6, mm = 7, Math = 8, Number = 9, BigInt = 10, Object = 11;

	ASSERT_EQ(t + test + mm, 18);
	ASSERT_EQ(Math + Number + BigInt + Object, 38);
	return true;
}

static bool test_names_js_globals(void)
{
	ASSERT_EQ(undefined, 3);
	ASSERT_EQ(NaN, 4);
	ASSERT_EQ(Ref(4), 8);
	/* Fails: it is a variable like any other. */
	ASSERT_NE(undefined, 3);
	return true;
}

static bool test_names_inner_scope(void)
{
	int n = 1;

	{
		int n = 2;

		n++;
	}
	for (int n = 10; n < 12; n++)
		;
	if (n) {
		int m = n, n = 7;

		ASSERT_EQ(m, 1);
		ASSERT_EQ(n, 7);
	}
	ASSERT_EQ(n, 1);
	return true;
}

static bool test_names_parameter_hides(void)
{
	int names_table = 3;

	ASSERT_EQ(names_table, 3);
	return true;
}

static bool test_names_tentative_value(void)
{
	ASSERT_EQ(names_tentative, 5);
	ASSERT_EQ(names_later(2), 20);
	ASSERT_EQ(names_elsewhere, 8);
	return true;
}

static bool test_names_declared_together(void)
{
	int *p, n = 4, **pp = &p, a[2] = { 1 };

	p = &n;
	**pp = 5;
	ASSERT_EQ(n, 5);
	*pp = a;
	p[1] = 6;
	ASSERT_EQ(a[1], 6);
	return true;
}

static bool test_names_function_from_functor(void)
{
	ASSERT_EQ(names_choose(1)(5), 6);
	ASSERT_TRUE(names_choose(0) == let);
	/* Fails: two functions. */
	ASSERT_EQ(names_choose(0), names_choose(1));
	return true;
}

static bool test_names_typedef_struct(void)
{
	point a = { 1, 2 }, b;
	point *p = &b;

	b = a;
	p->x = 7;
	ASSERT_EQ(a.x, 1);
	ASSERT_EQ(b.x, 7);
	b = (point){ .y = 3 };
	ASSERT_EQ(p->x, 0);
	ASSERT_EQ(p->y, 3);
	return true;
}

static bool test_names_static_row_pointer(void)
{
	int (*row)[2] = names_table;

	row++;
	(*row)[0] = 30;
	ASSERT_EQ(names_table[1][0], 30);
	return true;
}

static bool test_names_label_and_variable(void)
{
	int out = 1;

	if (out)
		goto out;
	out = 5;
out:
	ASSERT_EQ(out, 1);
	return true;
}

static bool test_names_enum_local(void)
{
	enum { ONE = 1, TWO, FOUR = TWO * 2 };

	ASSERT_EQ(ONE + TWO + FOUR, 7);
	return true;
}

static bool test_names_local_struct(void)
{
	struct local { int a; struct { int b; }; union { int c; unsigned char d; }; } l = { .a = 1, .b = 2, .c = 0x103 };
	struct local m = l;

	m.b = 5;
	ASSERT_EQ(l.b, 2);
	ASSERT_EQ(l.d, 3);
	l.d = 4;
	ASSERT_EQ(l.c, 0x104);
	ASSERT_EQ(m.c, 0x103);
	return true;
}

static int names_later(int n)
{
	return n * 10;
}

static void run_names_tests(int *num_tests, int *num_fail)
{
	TEST(names_reserved);
	TEST(names_of_the_test);
	TEST(names_js_globals);
	TEST(names_inner_scope);
	TEST(names_parameter_hides);
	TEST(names_tentative_value);
	TEST(names_declared_together);
	TEST(names_function_from_functor);
	TEST(names_typedef_struct);
	TEST(names_static_row_pointer);
	TEST(names_label_and_variable);
	TEST(names_enum_local);
	TEST(names_local_struct);
}
