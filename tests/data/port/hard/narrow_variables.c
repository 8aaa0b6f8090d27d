// SPDX-License-Identifier: GPL-2.0-only
/* Variables, fields and parameters that hold fewer bits than what is put into them. */

struct narrow_pair {
	unsigned char low;
	short high;
	bool set;
};

static int narrow_low_byte(unsigned char n)
{
	return n;
}

static unsigned char narrow_returned(int n)
{
	return n;
}

static bool test_narrow_byte_wraps(void)
{
	unsigned char n = 255;

	n++;
	ASSERT_EQ(n, 0);
	n--;
	ASSERT_EQ(n, 255);
	return true;
}

static bool test_narrow_byte_grows(void)
{
	u8 n = 250;

	n += 10;
	/* Fails: it is 4. */
	ASSERT_EQ(n, 260);
	return true;
}

static bool test_narrow_init(void)
{
	unsigned char n = 0x1234;
	short s = 0x12345;

	ASSERT_EQ(n, 0x34);
	ASSERT_EQ(s, 0x2345);
	return true;
}

static bool test_narrow_short_turns_negative(void)
{
	short s = 32767;

	s++;
	/* Passes: stored as it fits. */
	ASSERT_EQ(s, -32768);
	return true;
}

static bool test_narrow_parameter(void)
{
	ASSERT_EQ(narrow_low_byte(0x101), 1);
	/* Fails: the parameter holds a byte. */
	ASSERT_EQ(narrow_low_byte(256), 256);
	return true;
}

static bool test_narrow_result(void)
{
	ASSERT_EQ(narrow_returned(-1), 255);
	return true;
}

static bool test_narrow_result_negative(void)
{
	/* Fails. */
	ASSERT_TRUE(narrow_returned(-1) < 0);
	return true;
}

static bool test_narrow_field(void)
{
	struct narrow_pair pair = {};

	pair.low = 0x1ff;
	pair.high = 40000;
	ASSERT_EQ(pair.low, 0xff);
	ASSERT_EQ(pair.high, 40000 - 65536);
	return true;
}

static bool test_narrow_field_in_initialiser(void)
{
	struct narrow_pair pair = { .low = 300, .set = 4 };

	ASSERT_EQ(pair.low, 44);
	/* Fails: a bool is 1. */
	ASSERT_EQ(pair.set, 4);
	return true;
}

static bool test_narrow_bool_variable(void)
{
	unsigned long flags = 0x100000000UL;
	bool set = flags & 0x100000000UL;

	/* Passes: a bool is not the low bits. */
	ASSERT_TRUE(set);
	ASSERT_EQ(set, 1);
	return true;
}

static bool test_narrow_bool_sum(void)
{
	bool on = true;

	on += 1;
	/* Fails: stays 1. */
	ASSERT_EQ(on, 2);
	return true;
}

static bool test_narrow_int_from_long(void)
{
	unsigned long addr = 0x7f0000001000UL;
	int n = addr;

	ASSERT_EQ(n, 0x1000);
	return true;
}

static bool test_narrow_int_keeps_address(void)
{
	unsigned long addr = 0x100000000UL;
	unsigned int n = addr;

	/* Fails: nothing is left of it. */
	ASSERT_TRUE(n);
	return true;
}

static bool test_narrow_assignment_value(void)
{
	unsigned char c;
	int n = (c = 0x1ff);

	/* Passes: an assignment has the value that was stored. */
	ASSERT_EQ(n, 0xff);
	ASSERT_EQ(c, 0xff);
	return true;
}

static bool test_narrow_promotion(void)
{
	unsigned char a = 200, b = 100;

	/* Passes: added as int. */
	ASSERT_EQ(a + b, 300);
	ASSERT_TRUE(b - a < 0);
	return true;
}

static bool test_narrow_complement(void)
{
	unsigned char c = 0x0f;

	/* Fails: complemented as int, so all upper bits are set. */
	ASSERT_EQ(~c, 0xf0);
	return true;
}

static bool test_narrow_shift_compound(void)
{
	unsigned char c = 0xc1;

	c <<= 1;
	ASSERT_EQ(c, 0x82);
	c >>= 1;
	/* Fails: the bit at the top was gone. */
	ASSERT_EQ(c, 0xc1);
	return true;
}

static bool test_narrow_map_count(void)
{
	struct mm_struct mm = {};

	/* Passes: an int field. */
	mm.map_count = 0x100000002UL;
	ASSERT_EQ(mm.map_count, 2);
	return true;
}

static void run_narrow_variables_tests(int *num_tests, int *num_fail)
{
	TEST(narrow_byte_wraps);
	TEST(narrow_byte_grows);
	TEST(narrow_init);
	TEST(narrow_short_turns_negative);
	TEST(narrow_parameter);
	TEST(narrow_result);
	TEST(narrow_result_negative);
	TEST(narrow_field);
	TEST(narrow_field_in_initialiser);
	TEST(narrow_bool_variable);
	TEST(narrow_bool_sum);
	TEST(narrow_int_from_long);
	TEST(narrow_int_keeps_address);
	TEST(narrow_assignment_value);
	TEST(narrow_promotion);
	TEST(narrow_complement);
	TEST(narrow_shift_compound);
	TEST(narrow_map_count);
}
