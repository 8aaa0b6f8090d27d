// SPDX-License-Identifier: GPL-2.0-only
/* Bits of words that are wider than 32 bits. */

static bool test_bits_or_above_32(void)
{
	unsigned long addr = 0x100000000UL;

	/* Passes: bit 32 stays. */
	ASSERT_EQ(addr | 1, 0x100000001UL);
	return true;
}

static bool test_bits_or_above_32_lost(void)
{
	unsigned long addr = 0x700000000000UL;

	/* Fails: nothing is cut to 32 bits. */
	ASSERT_EQ(addr | 0x1000, 0x1000);
	return true;
}

static bool test_bits_and_above_32(void)
{
	unsigned long addr = 0x7fff00001234UL;
	unsigned long mask = ~0xfffUL;

	ASSERT_EQ(addr & mask, 0x7fff00001000UL);
	ASSERT_TRUE(addr & 0x400000000000UL);
	return true;
}

static bool test_bits_and_above_32_is_zero(void)
{
	unsigned long addr = 0x100000000UL;

	/* Fails: that bit is set. */
	ASSERT_FALSE(addr & (1UL << 32));
	return true;
}

static bool test_bits_xor_above_32(void)
{
	unsigned long one = 0x500000003UL, other = 0x300000001UL;

	ASSERT_EQ(one ^ other, 0x600000002UL);
	one ^= other;
	ASSERT_EQ(one >> 32, 6);
	return true;
}

static bool test_bits_not_of_long(void)
{
	unsigned long none = 0;

	/* Passes: 64 ones. */
	ASSERT_TRUE(~none == ULONG_MAX);
	ASSERT_EQ(~none >> 63, 1);
	return true;
}

static bool test_bits_not_of_int_is_minus_one(void)
{
	unsigned int none = 0;

	/* Fails: an unsigned word is never below zero. */
	ASSERT_TRUE(~none < 0);
	return true;
}

static bool test_bits_shift_left_past_32(void)
{
	unsigned long bit = 1;
	int n = 40;

	ASSERT_EQ(bit << n, 0x10000000000UL);
	bit <<= 33;
	ASSERT_EQ(bit, 0x200000000UL);
	return true;
}

static bool test_bits_shift_left_modulo_32(void)
{
	unsigned long bit = 1;
	int n = 32;

	/* Fails: the count is not taken modulo 32. */
	ASSERT_EQ(bit << n, 1);
	return true;
}

static bool test_bits_shift_right_past_32(void)
{
	unsigned long addr = 0x7f1234567000UL;

	ASSERT_EQ(addr >> 36, 0x7f1);
	addr >>= 12;
	ASSERT_EQ(addr, 0x7f1234567UL);
	return true;
}

static bool test_bits_shift_top_out(void)
{
	unsigned long top = 0x8000000000000001UL;

	/* Passes: what leaves a word at the top is gone. */
	ASSERT_EQ(top << 1, 2);
	return true;
}

static bool test_bits_shift_top_kept(void)
{
	unsigned long top = 1UL << 63;

	/* Fails. */
	ASSERT_NE(top << 1, 0);
	return true;
}

static bool test_bits_clear_with_not(void)
{
	unsigned long flags = 0xff000000ff0UL;

	flags &= ~0xff0UL;
	ASSERT_EQ(flags, 0xff000000000UL);
	flags |= 1UL << 50;
	ASSERT_EQ(flags, 0x40ff000000000UL);
	return true;
}

static bool test_bits_shift_signed_long(void)
{
	long n = -4096L * 1048576 * 16;

	/* Passes: the sign is kept. */
	ASSERT_EQ(n >> 12, -16777216L);
	ASSERT_TRUE(n >> 40 == -1);
	return true;
}

static bool test_bits_shift_int_by_large(void)
{
	unsigned int word = 0xf0000000u;

	/* Fails: 32 bits only, what leaves at the top is gone. */
	ASSERT_EQ(word << 4, 0xf00000000UL);
	return true;
}

static bool test_bits_vm_flags_word(void)
{
	vm_flags_t word = VM_READ;

	word |= 1UL << 40;
	ASSERT_TRUE(word & ~VM_READ);
	ASSERT_EQ(word >> 40, 1);
	/* Fails: bit 40 is still there. */
	ASSERT_EQ(word & ~VM_READ, 0);
	return true;
}

static void run_bitwise_wide_tests(int *num_tests, int *num_fail)
{
	TEST(bits_or_above_32);
	TEST(bits_or_above_32_lost);
	TEST(bits_and_above_32);
	TEST(bits_and_above_32_is_zero);
	TEST(bits_xor_above_32);
	TEST(bits_not_of_long);
	TEST(bits_not_of_int_is_minus_one);
	TEST(bits_shift_left_past_32);
	TEST(bits_shift_left_modulo_32);
	TEST(bits_shift_right_past_32);
	TEST(bits_shift_top_out);
	TEST(bits_shift_top_kept);
	TEST(bits_clear_with_not);
	TEST(bits_shift_signed_long);
	TEST(bits_shift_int_by_large);
	TEST(bits_vm_flags_word);
}
