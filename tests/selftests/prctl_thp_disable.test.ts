// SPDX-License-Identifier: GPL-2.0-only
/**
 * prctl_thp_disable.c: PR_SET_THP_DISABLE, as far as it is about mappings and not about the pages in them. From
 * tools/testing/selftests/mm (Linux 7.3).
 */
import {
  ASSERT_EQ,
  ASSERT_GE,
  ASSERT_NE,
  ASSERT_TRUE,
  check_vmflag,
  EINVAL,
  FIXTURE,
  FIXTURE_SETUP,
  FIXTURE_VARIANT,
  FIXTURE_VARIANT_ADD,
  fork,
  HPAGE_SIZE,
  LEFT_OUT,
  MADV_HUGEPAGE,
  MADV_NOHUGEPAGE,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_PRIVATE,
  madvise,
  memset,
  mmap,
  mprotect,
  munmap,
  NULL,
  PR_GET_THP_DISABLE,
  PR_SET_THP_DISABLE,
  PR_THP_DISABLE_EXCEPT_ADVISED,
  PROT_READ,
  PROT_WRITE,
  prctl,
  SELFTEST,
  SKIP,
  TEST_F,
  WEXITSTATUS,
  WIFEXITED,
  wait,
} from '../../harness/selftest/index.js';

SELFTEST('prctl_thp_disable.c');

type Collapse = 'none' | 'nohugepage' | 'hugepage';

/** Maps, advises, fills and protects memory as C does; looks at its flags where C looks at its pages. */
function test_mmap_thp(collapse: Collapse): void {
  const mmap_size = 2 * HPAGE_SIZE;
  const mmap_mem = mmap(NULL, mmap_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(mmap_mem, MAP_FAILED);
  const mem = mmap_mem + HPAGE_SIZE - (mmap_mem % HPAGE_SIZE);

  if (collapse === 'hugepage') ASSERT_EQ(madvise(mem, HPAGE_SIZE, MADV_HUGEPAGE), 0);
  if (collapse === 'nohugepage') ASSERT_EQ(madvise(mem, HPAGE_SIZE, MADV_NOHUGEPAGE), 0);
  memset(mem, 1, HPAGE_SIZE);
  ASSERT_EQ(mprotect(mem, HPAGE_SIZE, PROT_READ), 0);

  ASSERT_EQ(check_vmflag(mem, 'hg'), collapse === 'hugepage');
  ASSERT_EQ(check_vmflag(mem, 'nh'), collapse === 'nohugepage');
  ASSERT_EQ(munmap(mmap_mem, mmap_size), 0);
}

/** Advice is taken whatever the process says, and what it says can be taken back. */
function thp_disable_test(flags: number): void {
  ASSERT_EQ(prctl(PR_GET_THP_DISABLE, 0), flags);
  for (const collapse of ['none', 'nohugepage', 'hugepage'] as const) test_mmap_thp(collapse);

  ASSERT_EQ(prctl(PR_SET_THP_DISABLE, 0), 0);
  ASSERT_EQ(prctl(PR_GET_THP_DISABLE, 0), 0);
  for (const collapse of ['none', 'nohugepage', 'hugepage'] as const) test_mmap_thp(collapse);
}

const FIXTURES = [
  ['prctl_thp_disable_completely', 0, 1],
  ['prctl_thp_disable_except_madvise', PR_THP_DISABLE_EXCEPT_ADVISED, 3],
] as const;

for (const [name, disable_flags, told] of FIXTURES) {
  const fixture = FIXTURE(name, () => ({}), FIXTURE_VARIANT<null>());
  FIXTURE_VARIANT_ADD(fixture, 'madvise', null);

  FIXTURE_SETUP(fixture, () => {
    if (prctl(PR_SET_THP_DISABLE, 1, disable_flags) !== 0) return SKIP('huge pages cannot be refused so');
  });

  TEST_F(fixture, 'nofork', () => thp_disable_test(told));

  /** A child has it from its parent. */
  TEST_F(fixture, 'fork', () => {
    const pid = fork();
    ASSERT_GE(pid, 0);
    if (pid === 0) return thp_disable_test(told);

    const status = { value: 0 };
    wait(status);
    ASSERT_TRUE(WIFEXITED(status.value));
    ASSERT_EQ(WIFEXITED(status.value) ? WEXITSTATUS(status.value) : -EINVAL, 0);
  });

  for (const variant of ['never', 'always']) {
    for (const test of ['nofork', 'fork']) {
      LEFT_OUT(`${name}.${variant}.${test}`, 'there are no huge pages, in which alone it differs from `madvise`');
    }
  }
}
