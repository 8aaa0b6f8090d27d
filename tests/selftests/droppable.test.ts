// SPDX-License-Identifier: GPL-2.0-only
/** droppable.c: MAP_DROPPABLE memory loses its pages, and is zeroes then. From tools/testing/selftests/mm (Linux 7.3). */
import {
  EINVAL,
  EOPNOTSUPP,
  errno,
  KSFT,
  ksft_exit_fail_msg,
  ksft_test_result,
  MADV_PAGEOUT,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FAILED,
  madvise,
  memchr,
  memset,
  mmap,
  NULL,
  PROT_READ,
  PROT_WRITE,
  SELFTEST,
  SKIP,
  sleep,
} from '../../harness/selftest/index.js';

SELFTEST('droppable.c');

const RESULT = 'madvise(MADV_PAGEOUT) behavior';

KSFT('droppable', [RESULT], () => {
  const alloc_size = 2 * 1024 * 1024;
  const alloc = mmap(0, alloc_size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_DROPPABLE, -1, 0);
  if (alloc === MAP_FAILED) {
    if (errno === EOPNOTSUPP || errno === EINVAL) return SKIP('there is no MAP_DROPPABLE');
    ksft_exit_fail_msg('mmap() fails');
  }
  memset(alloc, 'A', alloc_size);

  // Somebody may hold on to a page for a moment.
  let dropped = false;
  for (let tries = 0; tries < 10 && !dropped; tries++) {
    if (tries > 0) sleep(1);
    if (madvise(alloc, alloc_size, MADV_PAGEOUT) !== 0) {
      if (errno === EINVAL) return SKIP('there is no MADV_PAGEOUT');
      ksft_exit_fail_msg('madvise() fails');
    }
    dropped = memchr(alloc, 'A', alloc_size) === NULL;
  }
  ksft_test_result(dropped, RESULT);
});
