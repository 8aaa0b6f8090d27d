// SPDX-License-Identifier: GPL-2.0-only
/** mdwe_test.c: memory that becomes executable only where it may, PR_SET_MDWE. From tools/testing/selftests/mm (Linux 7.3). */
import {
  ASSERT_EQ,
  ASSERT_GE,
  ASSERT_NE,
  ASSERT_TRUE,
  EINVAL,
  EPERM,
  EXPECT_EQ,
  EXPECT_LT,
  EXPECT_NE,
  errno,
  exit,
  FIXTURE,
  FIXTURE_SETUP,
  FIXTURE_TEARDOWN,
  FIXTURE_VARIANT,
  FIXTURE_VARIANT_ADD,
  fork,
  getpagesize,
  LEFT_OUT,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_FIXED,
  MAP_SHARED,
  mmap,
  mprotect,
  munmap,
  NULL,
  PR_GET_MDWE,
  PR_MDWE_NO_INHERIT,
  PR_MDWE_REFUSE_EXEC_GAIN,
  PR_SET_MDWE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  prctl,
  SELFTEST,
  TEST,
  TEST_F,
  TH_LOG,
  WEXITSTATUS,
  WIFEXITED,
  waitpid,
} from '../../harness/selftest/index.js';

SELFTEST('mdwe_test.c');

/** Flags and arguments that nobody knows. */
TEST('prctl_flags', () => {
  EXPECT_LT(prctl(PR_SET_MDWE, PR_MDWE_NO_INHERIT, 0, 0, 7), 0);
  EXPECT_EQ(errno, EINVAL);

  for (const option of [PR_SET_MDWE, PR_GET_MDWE]) {
    EXPECT_LT(prctl(option, 7, 0, 0, 0), 0);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_LT(prctl(option, 0, 7, 0, 0), 0);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_LT(prctl(option, 0, 0, 7, 0), 0);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_LT(prctl(option, 0, 0, 0, 7), 0);
    EXPECT_EQ(errno, EINVAL);
  }
});

interface TwoFlags {
  first_flags: number;
  second_flags: number;
  should_work: boolean;
}

const GAIN = PR_MDWE_REFUSE_EXEC_GAIN;
const BOTH = PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT;

const consecutive_prctl_flags = FIXTURE('consecutive_prctl_flags', () => ({}), FIXTURE_VARIANT<TwoFlags>());

function variant(name: string, first_flags: number, second_flags: number, should_work: boolean): void {
  FIXTURE_VARIANT_ADD(consecutive_prctl_flags, name, { first_flags, second_flags, should_work });
}

variant('can_keep_no_flags', 0, 0, true);
variant('can_keep_exec_gain', GAIN, GAIN, true);
variant('can_keep_both_flags', BOTH, BOTH, true);
variant('cant_disable_mdwe', GAIN, 0, false);
variant('cant_disable_mdwe_no_inherit', BOTH, 0, false);
variant('cant_disable_no_inherit', BOTH, GAIN, false);
variant('cant_enable_no_inherit', GAIN, BOTH, false);

/** What is set once can only be set again. */
TEST_F(consecutive_prctl_flags, 'two_prctls', (_self, { first_flags, second_flags, should_work }) => {
  EXPECT_EQ(prctl(PR_SET_MDWE, first_flags), 0);

  const ret = prctl(PR_SET_MDWE, second_flags);
  if (should_work) {
    EXPECT_EQ(ret, 0);
    ASSERT_EQ(prctl(PR_GET_MDWE, 0), second_flags);
  } else {
    EXPECT_NE(ret, 0);
    ASSERT_EQ(errno, EPERM);
  }
});

interface Mdwe {
  /** What the test has mapped. */
  p: number;
  flags: number;
  size: number;
  pid: number;
}

interface MdweVariant {
  enabled: boolean;
  forked: boolean;
  inherit: boolean;
}

const mdwe = FIXTURE('mdwe', (): Mdwe => ({ p: NULL, flags: 0, size: 0, pid: 0 }), FIXTURE_VARIANT<MdweVariant>());

FIXTURE_VARIANT_ADD(mdwe, 'stock', { enabled: false, forked: false, inherit: false });
FIXTURE_VARIANT_ADD(mdwe, 'enabled', { enabled: true, forked: false, inherit: true });
FIXTURE_VARIANT_ADD(mdwe, 'inherited', { enabled: true, forked: true, inherit: true });
FIXTURE_VARIANT_ADD(mdwe, 'not_inherited', { enabled: true, forked: true, inherit: false });

function executable_map_should_fail({ enabled, forked, inherit }: MdweVariant): boolean {
  return enabled && (!forked || inherit);
}

FIXTURE_SETUP(mdwe, (self, { enabled, forked, inherit }) => {
  self.flags = MAP_SHARED | MAP_ANONYMOUS;
  self.size = getpagesize();
  if (!enabled) return;

  const mdwe_flags = inherit ? GAIN : BOTH;
  ASSERT_EQ(prctl(PR_SET_MDWE, mdwe_flags), 0, () => TH_LOG('PR_SET_MDWE cannot be set'));
  ASSERT_EQ(prctl(PR_GET_MDWE, 0), mdwe_flags);
  if (!forked) return;

  self.pid = fork();
  ASSERT_GE(self.pid, 0, () => TH_LOG('there is no child'));
  if (self.pid > 0) {
    const status = { value: 0 };
    waitpid(self.pid, status);
    ASSERT_TRUE(WIFEXITED(status.value));
    exit(WEXITSTATUS(status.value));
  }
});

FIXTURE_TEARDOWN(mdwe, ({ p, size }) => {
  if (p !== NULL && p !== MAP_FAILED) munmap(p, size);
});

/** Read and execute is always allowed. */
TEST_F(mdwe, 'mmap_READ_EXEC', (self) => {
  self.p = mmap(NULL, self.size, PROT_READ | PROT_EXEC, self.flags, 0, 0);
  EXPECT_NE(self.p, MAP_FAILED);
});

/** Write and execute at once is what it is about. */
TEST_F(mdwe, 'mmap_WRITE_EXEC', (self, variant) => {
  self.p = mmap(NULL, self.size, PROT_WRITE | PROT_EXEC, self.flags, 0, 0);
  if (executable_map_should_fail(variant)) EXPECT_EQ(self.p, MAP_FAILED);
  else EXPECT_NE(self.p, MAP_FAILED);
});

/** What is executable may stay so. */
TEST_F(mdwe, 'mprotect_stay_EXEC', (self) => {
  self.p = mmap(NULL, self.size, PROT_READ | PROT_EXEC, self.flags, 0, 0);
  ASSERT_NE(self.p, MAP_FAILED);
  EXPECT_EQ(mprotect(self.p, self.size, PROT_READ | PROT_EXEC), 0);
});

/** What is not may not become so. */
TEST_F(mdwe, 'mprotect_add_EXEC', (self, variant) => {
  self.p = mmap(NULL, self.size, PROT_READ, self.flags, 0, 0);
  ASSERT_NE(self.p, MAP_FAILED);

  const ret = mprotect(self.p, self.size, PROT_READ | PROT_EXEC);
  if (executable_map_should_fail(variant)) EXPECT_LT(ret, 0);
  else EXPECT_EQ(ret, 0);
});

/** Least of all what can be written. */
TEST_F(mdwe, 'mprotect_WRITE_EXEC', (self, variant) => {
  self.p = mmap(NULL, self.size, PROT_WRITE, self.flags, 0, 0);
  ASSERT_NE(self.p, MAP_FAILED);

  const ret = mprotect(self.p, self.size, PROT_WRITE | PROT_EXEC);
  if (executable_map_should_fail(variant)) EXPECT_LT(ret, 0);
  else EXPECT_EQ(ret, 0);
});

/** Over what is mapped comes something new, which may be executable. */
TEST_F(mdwe, 'mmap_FIXED', (self) => {
  self.p = mmap(NULL, self.size, PROT_READ, self.flags, 0, 0);
  ASSERT_NE(self.p, MAP_FAILED);

  const p = mmap(self.p, self.size, PROT_READ | PROT_EXEC, self.flags | MAP_FIXED, 0, 0);
  EXPECT_EQ(p, self.p);
});

for (const name of mdwe.variants.keys()) LEFT_OUT(`mdwe.${name}.arm64_BTI`, 'x86-64 has no PROT_BTI');
