// SPDX-License-Identifier: GPL-2.0-only
/** Selftests: processes of a case, forks that return twice, signals, assertions. */
import { test, VmaAssertionError, type VmaTest } from '../../harness/index.js';
import { runCase, SelftestCase } from '../../harness/selftest/case.js';
import {
  ASSERT_EQ,
  ASSERT_NE,
  ASSERT_STREQ,
  chr,
  EINVAL,
  ENOMEM,
  EXPECT_EQ,
  EXPECT_FALSE,
  EXPECT_GE,
  EXPECT_GT,
  EXPECT_LE,
  EXPECT_LT,
  EXPECT_NE,
  EXPECT_STRNE,
  EXPECT_TRUE,
  errno,
  exit,
  fork,
  getpid,
  load,
  load8,
  load64,
  MAP_ANONYMOUS,
  MAP_FAILED,
  MAP_PRIVATE,
  memchr,
  memcmp,
  memcpy,
  memset,
  mmap,
  munmap,
  NULL,
  PROT_READ,
  PROT_WRITE,
  rand,
  SIGSEGV,
  sigaction,
  siglongjmp,
  sigsetjmp,
  srand,
  store8,
  store64,
  sysconf,
  WEXITSTATUS,
  WIFEXITED,
  WIFSIGNALED,
  WTERMSIG,
  wait,
  waitpid,
} from '../../harness/selftest/index.js';
import { portBackend } from '../../harness/selftest/port_backend.js';

/** Carries out a case on the port: its case, and the status of its first process. */
function carryOut(t: VmaTest, body: () => void): { one: SelftestCase; status: number } {
  const one = new SelftestCase(t, portBackend);
  return { one, status: runCase(one, () => one.carryOut(body)) };
}

function pages(count: number): number {
  const ptr = mmap(NULL, count * 4096, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  ASSERT_NE(ptr, MAP_FAILED);
  return ptr;
}

test('a fork returns to the child first, then to its parent', (t) => {
  const told: string[] = [];
  let maps = 0;
  const { status } = carryOut(t, () => {
    const ptr = pages(1);
    maps++;
    store8(ptr, 'p');
    const parent = getpid();
    const pid = fork();
    if (pid === 0) {
      told.push(`child ${getpid() !== parent} ${load8(ptr)}`);
      store8(ptr, 'c');
      exit(3);
    }
    const ended = { value: 0 };
    told.push(`parent ${getpid() === parent} ${pid !== parent} ${load8(ptr)}`);
    ASSERT_EQ(waitpid(pid, ended), pid);
    told.push(`${WIFEXITED(ended.value)} ${WEXITSTATUS(ended.value)}`);
    ASSERT_EQ(waitpid(pid), -1);
    ASSERT_EQ(munmap(ptr, 4096), 0);
    exit(2);
  });
  t.equal(told, [`child true ${chr('p')}`, `parent true true ${chr('p')}`, 'true 3']);
  t.ASSERT_EQ(status, 2 << 8);
  t.ASSERT_EQ(maps, 2, 'its function was carried out twice');
});

test('forks of forks, each once for everybody', (t) => {
  const order: string[] = [];
  carryOut(t, () => {
    let name = 'a';
    if (fork() === 0) name += 'b';
    if (fork() === 0) name += 'c';
    order.push(name);
    let children = 0;
    while (wait() !== -1) children++;
    order.push(`${name} had ${children}`);
  });
  t.equal(order, ['abc', 'abc had 0', 'ab', 'ab had 1', 'ac', 'ac had 0', 'a', 'a had 2']);
});

test('what was done before a fork is not done again', (t) => {
  const one = new SelftestCase(t, {
    name: 'counting',
    begin: (t) => {
      const process = portBackend.begin(t);
      const { call } = process;
      process.call = (...args) => {
        calls.push(args[0]);
        return call.apply(process, args);
      };
      return process;
    },
  });
  const calls: string[] = [];
  runCase(one, () =>
    one.carryOut(() => {
      const ptr = pages(2);
      if (fork() === 0) return;
      munmap(ptr, 4096);
    }),
  );
  t.equal(calls, ['mmap', 'munmap'], 'of the parent');
});

test('a case that does something else the second time is told so', (t) => {
  let times = 0;
  const differs = (): void => {
    const ptr = pages(++times);
    if (fork() === 0) return;
    munmap(ptr, 4096);
  };
  t.throws(
    () => carryOut(t, differs),
    /carried out again for the parent, the case asks for mmap\(0, 8192, .*not for mmap/,
  );

  let calls = 0;
  const more = (): void => {
    if (calls++ > 0) getpid();
    fork();
  };
  t.throws(() => carryOut(t, more), 'asks for getpid(), not for fork');
});

test('what a child does to itself its parent knows nothing of', (t) => {
  const numbers: number[] = [];
  const { status } = carryOut(t, () => {
    srand(7);
    numbers.push(rand());
    if (fork() === 0) {
      sigaction(SIGSEGV, () => exit(0));
      return;
    }
    numbers.push(rand());
    load8(0x1000);
  });
  t.ASSERT_EQ(status, SIGSEGV, 'it has no handler');
  t.ASSERT_EQ(numbers[0], numbers[1], 'it is told the same numbers again');

  const unseeded: number[] = [];
  carryOut(t, () => {
    unseeded.push(rand());
    fork();
  });
  t.ASSERT_EQ(unseeded[0], unseeded[1]);
});

test('who touches what is not there dies of it, unless it handles it', (t) => {
  const { status } = carryOut(t, () => load8(0x1000));
  t.ASSERT_EQ(status, SIGSEGV);

  carryOut(t, () => {
    if (fork() === 0) store8(0x1000, 1);
    const ended = { value: 0 };
    wait(ended);
    ASSERT_EQ(WIFSIGNALED(ended.value), true);
    ASSERT_EQ(WTERMSIG(ended.value), SIGSEGV);
  });

  const { one } = carryOut(t, () => {
    sigaction(SIGSEGV, (signal) => siglongjmp(signal + 1));
    EXPECT_EQ(
      sigsetjmp(() => store8(0x1000, 1)),
      SIGSEGV + 1,
    );
    EXPECT_EQ(
      sigsetjmp(() => {}),
      0,
    );
    sigaction(SIGSEGV, null);
    const part = pages(1) + 4094;
    if (fork() === 0) {
      memset(part, 7, 4);
      exit(1);
    }
    const ended = { value: 0 };
    wait(ended);
    EXPECT_EQ(WTERMSIG(ended.value), SIGSEGV);
  });
  t.equal(one.unexpected, []);
  t.throws(
    () =>
      carryOut(t, () =>
        sigsetjmp(() => {
          throw new TypeError('mine');
        }),
      ),
    'mine',
  );
});

test('EXPECT goes on, and is told once; ASSERT ends the case, and all of its processes', (t) => {
  let end = 0;
  const { one } = carryOut(t, () => {
    EXPECT_EQ(1, 2, () => end++);
    fork();
    EXPECT_NE(1, 1);
    end += 10;
  });
  t.ASSERT_EQ(end, 22, 'both came to their end, and both to what follows the first');
  t.equal(
    one.unexpected.map(({ message }) => message),
    ['EXPECT_EQ', 'EXPECT_NE', 'EXPECT_NE'],
    'the first is of before the fork',
  );

  const asserts = (): void => {
    if (fork() === 0) ASSERT_EQ(getpid(), 0);
  };
  const error = t.throws(() => carryOut(t, asserts), 'ASSERT_EQ');
  t.ASSERT_TRUE(error instanceof VmaAssertionError);
});

test('each assertion, and what it finds', (t) => {
  const wrong = (body: () => void): string[] =>
    carryOut(t, body).one.unexpected.map((error) =>
      error instanceof VmaAssertionError ? `${error.message}: ${error.wanted}, ${error.found}` : String(error),
    );
  t.equal(
    wrong(() => {
      EXPECT_EQ(1, 1n);
      EXPECT_NE(1, 2n);
      EXPECT_LT(1, 2);
      EXPECT_LE(2, 2);
      EXPECT_GT(2, 1);
      EXPECT_GE(2, 2);
      EXPECT_TRUE(1);
      EXPECT_TRUE(true);
      EXPECT_FALSE(0);
      EXPECT_EQ(true, 1);
      EXPECT_STRNE('a', 'b');
      ASSERT_STREQ('a', 'a');
    }),
    [],
  );
  t.equal(
    wrong(() => {
      EXPECT_EQ(16, 17n);
      EXPECT_NE(1n, 1);
      EXPECT_LT(2, 2);
      EXPECT_LE(3, 2);
      EXPECT_GT(2, 2);
      EXPECT_GE(1, 2);
      EXPECT_TRUE(0);
      EXPECT_FALSE(true);
      EXPECT_STRNE('a', 'a');
    }),
    [
      'EXPECT_EQ: 0x10 == it, 0x11',
      'EXPECT_NE: 0x1 != it, 0x1',
      'EXPECT_LT: 0x2 < it, 0x2',
      'EXPECT_LE: 0x3 <= it, 0x2',
      'EXPECT_GT: 0x2 > it, 0x2',
      'EXPECT_GE: 0x1 >= it, 0x2',
      'EXPECT_TRUE: 0x0 != it, 0x0',
      'EXPECT_FALSE: 0x0 == it, true',
      "EXPECT_STRNE: anything but 'a', 'a'",
    ],
  );
  t.throws(() => carryOut(t, () => ASSERT_STREQ('a', 'b')), 'ASSERT_STREQ');
});

test('memory, byte for byte', (t) => {
  carryOut(t, () => {
    const ptr = pages(2);
    store64(ptr + 4092, 0x1122334455667788n);
    ASSERT_EQ(load64(ptr + 4092), 0x1122334455667788n);
    ASSERT_EQ(load8(ptr + 4096), 0x44);
    memset(ptr, 'z', 4);
    memcpy(ptr + 100, ptr + 2, 4);
    t.equal([...load(ptr + 100, 4)], [chr('z'), chr('z'), 0, 0]);
    memcpy(ptr, Uint8Array.of(1, 2, 3, 4), 3);
    ASSERT_EQ(memcmp(ptr, Uint8Array.of(1, 2, 3), 3), 0);
    ASSERT_NE(memcmp(ptr, ptr + 100, 3), 0);
    ASSERT_EQ(memchr(ptr, 3, 8), ptr + 2);
    ASSERT_EQ(memchr(ptr, 200, 8), NULL);
  });
  t.throws(() => chr('ab'), "chr: value = 'ab'");
  t.ASSERT_EQ(chr(-1), 255);
});

test('libc: errno, and numbers that come again', (t) => {
  carryOut(t, () => {
    ASSERT_EQ(munmap(1, 4096), -1);
    ASSERT_EQ(errno, EINVAL);
    ASSERT_EQ(mmap(NULL, -4096, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0), MAP_FAILED);
    ASSERT_EQ(errno, ENOMEM);
    ASSERT_EQ(sysconf(1), -1);
    srand(5);
    const first = [rand(), rand()];
    srand(5);
    t.equal([rand(), rand()], first);
    ASSERT_NE(first[0] ?? 0, first[1] ?? 0);
  });
  t.throws(() => getpid(), 'getpid: no selftest is running');
  t.throws(() => fork(), 'fork: no selftest is running');
  t.throws(() => ASSERT_EQ(1, 1), 'ASSERT_EQ: no selftest is running');
});
