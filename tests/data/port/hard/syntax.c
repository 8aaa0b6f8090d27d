// SPDX-License-Identifier: GPL-2.0-only
/* The same C, written in ways that are seldom seen. */

#define forever for (;;)
#define unless(c) if (!(c))
#define SYNTAX_LIST X(alpha, 1) X(beta, 4) X(gamma, 9)
#define SYNTAX_STR2(x) #x
#define SYNTAX_STR(x) SYNTAX_STR2(x)
#define SYNTAX_CAT2(a, b) a##b
#define SYNTAX_CAT(a, b) SYNTAX_CAT2(a, b)
#define SYNTAX_CALL(fn, ...) fn(__VA_ARGS__)
#define SYNTAX_ADD(a, ...) syntax_add(a, ##__VA_ARGS__)
#define SYNTAX_FIRST(a, ...) a
#define SYNTAX_N 3
#define syntax_self(n) (syntax_self(n) + 1)
#define SYNTAX_MAX(a, b) ((a) > (b) ? (a) : (b))
#define SYNTAX_WITH(v, value) for (int once_##v = 1, v = (value); once_##v; once_##v = 0)
#define SYNTAX_BLOCK(code) { code }

enum {
#define X(name, value) SYNTAX_##name = value,
	SYNTAX_LIST
#undef X
};

static const int syntax_values[] = {
#define X(name, value) [value] = SYNTAX_##name * 2,
	SYNTAX_LIST
#undef X
};

static int syntax_add(int a, int b) { return a + b; }
static int (syntax_self)(int n) { return n; }
static long unsigned int syntax_long(void) { return 0x1ffffffffUL; }
int static syntax_turned(void) { return 4; }
static __attribute__((unused)) inline int syntax_inline(int n __attribute__((unused))) { return 5; }
static int syntax_default(const char *const text) { return text[0]; }
static int syntax_many(), syntax_more(int);
static int syntax_many() { return 11; }
static int syntax_more(int n) { return n + syntax_many(); }
typedef unsigned long *syntax_words, syntax_word;
static struct { int a, b; } syntax_pair = { 1, 2 }, *syntax_pair_at = &syntax_pair;

static bool test_syntax_macro_keywords(void)
{
	int n = 0;

	forever {
		unless (n < 5)
			break;
		n++;
	}
	ASSERT_EQ(n, 5);
	return true;
}

static bool test_syntax_list(void)
{
	int sum = 0;

#define X(name, value) sum += SYNTAX_##name;
	SYNTAX_LIST
#undef X
	ASSERT_EQ(sum, 14);
	ASSERT_EQ(syntax_values[4], 8);
	/* Fails: the tenth is the last. */
	ASSERT_EQ(ARRAY_SIZE(syntax_values), 3);
	return true;
}

static bool test_syntax_text_of_macro(void)
{
	ASSERT_EQ(SYNTAX_STR(SYNTAX_N)[0], '3');
	ASSERT_EQ(SYNTAX_STR2(SYNTAX_N)[0], 'S');
	return true;
}

static bool test_syntax_pasted(void)
{
	int v3 = 7;

	ASSERT_EQ(SYNTAX_CAT(v, SYNTAX_N), 7);
	ASSERT_EQ(SYNTAX_CAT(0x, ff), 255);
	ASSERT_EQ(SYNTAX_CAT(1, UL) << 33, 0x200000000UL);
	return true;
}

static bool test_syntax_variadic(void)
{
	ASSERT_EQ(SYNTAX_CALL(syntax_add, 1, 2), 3);
	ASSERT_EQ(SYNTAX_ADD(3, 4), 7);
	ASSERT_EQ(SYNTAX_FIRST(8, 9, 10), 8);
	ASSERT_EQ(SYNTAX_CALL(syntax_many), 11);
	return true;
}

static bool test_syntax_macro_of_itself(void)
{
	ASSERT_EQ(syntax_self(3), 4);
	ASSERT_EQ((syntax_self)(3), 3);
	return true;
}

static bool test_syntax_nested_macro(void)
{
	int calls = 1;

	ASSERT_EQ(SYNTAX_MAX(SYNTAX_MAX(1, 5), SYNTAX_MAX(3, 2)), 5);
	/* Fails: counted up more than once. */
	ASSERT_EQ(SYNTAX_MAX(calls++, 0), 1);
	return true;
}

static bool test_syntax_declaring_loop(void)
{
	int got = 0;

	SYNTAX_WITH(v, 6)
		got = v * 2;
	ASSERT_EQ(got, 12);
	return true;
}

static bool test_syntax_declarations(void)
{
	static long unsigned int n = 5;
	syntax_word w = 3;
	syntax_words p = &w;
	register unsigned r = 7;
	volatile int v = 2;
	const unsigned char c = 255 + 2;

	*p += n;
	ASSERT_EQ(w, 8);
	ASSERT_EQ(r * v, 14);
	ASSERT_EQ(c, 1);
	ASSERT_EQ(syntax_long() >> 32, 1);
	return true;
}

static bool test_syntax_functions(void)
{
	ASSERT_EQ(syntax_turned() + syntax_inline(1), 9);
	ASSERT_EQ(syntax_more(2), 13);
	ASSERT_EQ((&syntax_add)(1, 1), 2);
	ASSERT_EQ((*syntax_add)(1, 2), 3);
	ASSERT_EQ(syntax_default("x"), 'x');
	return true;
}

static bool test_syntax_struct_without_name(void)
{
	syntax_pair_at->b = 5;
	ASSERT_EQ(syntax_pair.a + syntax_pair.b, 6);
	return true;
}

static bool test_syntax_typeof(void)
{
	unsigned char c = 250;
	typeof(c) d = c + 10;
	__auto_type e = c + 10;
	typeof(&c) p = &d;

	ASSERT_EQ(d, 4);
	ASSERT_EQ(e, 260);
	*p = 6;
	ASSERT_EQ(d, 6);
	/* Fails: an int. */
	ASSERT_EQ(sizeof(e), 1);
	return true;
}

static bool test_syntax_spaces(void)
{
	int n = 3, turns = 1;
	struct vm_area_struct vma = { . vm_start = 1 } , * p = & vma;

	ASSERT_EQ(p -> vm_start, 1);
	ASSERT_EQ(n--- 1, 2);
	ASSERT_EQ(n, 2);
	ASSERT_EQ(n+++turns, 3);
	ASSERT_EQ(n, 3);
	return true;
}

static bool test_syntax_arrow_operator(void)
{
	int n = 4, turns = 0;

	while (n --> 0)
		turns++;
	ASSERT_EQ(turns, 4);
	/* Fails: one below. */
	ASSERT_EQ(n, 0);
	return true;
}

static bool test_syntax_comments(void)
{
	int n = 10 /* n / 2 */ / /* by */ 2;
	int m = 10 // * 2
		+ 1;
	const char *text = "/* no comment */ // neither";

	ASSERT_EQ(n, 5);
	ASSERT_EQ(m, 11);
	ASSERT_EQ(strlen(text), 27);
	return true;
}

static bool test_syntax_statement_expression(void)
{
	int n = ({ int m = 4; m *= 2; m + 1; });
	int k = ({ if (n > 100) return false; n; }) + 1;

	ASSERT_EQ(n, 9);
	ASSERT_EQ(k, 10);
	return true;
}

static bool test_syntax_statement_expression_returns(void)
{
	int n = 5;

	/* Fails: the return is that of the test. */
	n += ({ if (n == 5) return false; 1; });
	ASSERT_EQ(n, 6);
	return true;
}

static bool test_syntax_local_label(void)
{
	int n = 0;

	{
		__label__ again;
again:
		if (++n < 4)
			goto again;
	}
	ASSERT_EQ(n, 4);
	return true;
}

static bool test_syntax_bool_words(void)
{
	_Bool b = 2;
	bool c = 0.0;

	ASSERT_EQ(b, 1);
	ASSERT_EQ(c, false);
	ASSERT_EQ(true + true, 2);
	ASSERT_EQ(b == 2, 0);
	return true;
}

static bool test_syntax_function_name(void)
{
	ASSERT_EQ(__func__[0], 't');
	ASSERT_EQ(strcmp(__func__, "test_syntax_function_name"), 0);
	return true;
}

static void run_syntax_tests(int *num_tests, int *num_fail)
{
	TEST(syntax_macro_keywords);
	TEST(syntax_list);
	TEST(syntax_text_of_macro);
	TEST(syntax_pasted);
	TEST(syntax_variadic);
	TEST(syntax_macro_of_itself);
	TEST(syntax_nested_macro);
	TEST(syntax_declaring_loop);
	TEST(syntax_declarations);
	TEST(syntax_functions);
	TEST(syntax_struct_without_name);
	TEST(syntax_typeof);
	TEST(syntax_spaces);
	TEST(syntax_arrow_operator);
	TEST(syntax_comments);
	TEST(syntax_statement_expression);
	TEST(syntax_statement_expression_returns);
	TEST(syntax_local_label);
	TEST(syntax_bool_words);
	TEST(syntax_function_name);
}
