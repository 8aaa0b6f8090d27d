// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live side: a process that does system calls on request, and nothing else. It has no libc, no heap and no stack of
 * the kernel's, so all that is mapped but its own few pages is what was asked for. x86-64 only.
 *
 * Descriptor 3 + 2n is the pipe of requests to process n, 4 + 2n that of its answers; the program is told how many there
 * are. It is process 0, and waits to be forked. A fault of a page never gives a signal: bytes go through a pipe, whose
 * read() and write() answer EFAULT.
 */

typedef unsigned long u64;
typedef unsigned int u32;
typedef long s64;

enum { SYS_read, SYS_write, SYS_open, SYS_close, SYS_dup2 = 33, SYS_fork = 57, SYS_execve = 59, SYS_personality = 135,
       SYS_prctl = 157, SYS_exit_group = 231, SYS_pipe2 = 293 };
enum { OP_SYSCALL, OP_READ, OP_WRITE, OP_FORK, OP_FILE, OP_EXIT };
enum { EINTR = 4, EPROTO = 71, SIGKILL = 9, PR_SET_PDEATHSIG = 1, PR_SET_CHILD_SUBREAPER = 36,
       ADDR_NO_RANDOMIZE = 0x0040000 };
/* Descriptors from here on are this program's own: those below are left to whoever asks. */
enum { FIRST_FD = 3, OWN_FD = 200, PAGE = 4096, STACK = 16384, DATA = 65536 };

/* in_len bytes follow. Bit n of pointers: argument n is an offset into the data. */
struct request {
	u32 op, pointers;
	u64 nr, args[6];
	u32 in_len, out_len;
};

/* out_len bytes follow. */
struct answer {
	s64 result;
};

__attribute__((used)) unsigned char own_stack[STACK] __attribute__((aligned(PAGE)));
static unsigned char data[DATA] __attribute__((aligned(PAGE)));
/*
 * The end of all segments, where the linker is told to put it: the heap begins behind it, where a process of the port
 * has its own. It has no bytes in the file, so that none count as data.
 */
__attribute__((used, section(".last,\"aw\",@nobits#"))) static unsigned char last[PAGE] __attribute__((aligned(PAGE)));
static int process, bytes_out, bytes_in;

static s64 call(u64 nr, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f)
{
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = e;
	register u64 r9 __asm__("r9") = f;
	s64 ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static s64 call3(u64 nr, u64 a, u64 b, u64 c)
{
	return call(nr, a, b, c, 0, 0, 0);
}

__attribute__((noreturn)) static void quit(int status)
{
	for (;;)
		call3(SYS_exit_group, (u64)status, 0, 0);
}

/* All of it, or the end of the program: whoever asks has gone. */
static void transfer(u64 nr, int fd, void *from, u64 len)
{
	u64 at = 0;

	while (at < len) {
		s64 n = call3(nr, (u64)fd, (u64)from + at, len - at);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			quit(n < 0);
		at += (u64)n;
	}
}

static int requests(void)
{
	return OWN_FD + 2 * process;
}

static void say(void *what, u64 len)
{
	transfer(SYS_write, requests() + 1, what, len);
}

/* Bytes up to the end of a page, into the data at `at`. How many, or an error: a page is there or is not. */
static s64 read_page(u64 addr, u64 at, u64 len)
{
	s64 ret = call3(SYS_write, (u64)bytes_out, addr, len);

	if (ret > 0)
		transfer(SYS_read, bytes_in, data + at, (u64)ret);
	return ret;
}

static s64 write_page(u64 addr, u64 at, u64 len)
{
	s64 ret;

	transfer(SYS_write, bytes_out, data + at, len);
	ret = call3(SYS_read, (u64)bytes_in, addr, len);
	if (ret < 0)
		transfer(SYS_read, bytes_in, data + at, len);
	return ret;
}

/* As many of the bytes as can be, page by page; an error when that is none. */
static s64 copy(s64 (*copy_page)(u64, u64, u64), u64 addr, u64 len)
{
	u64 at = 0;

	while (at < len && at < DATA) {
		u64 to_end = PAGE - ((addr + at) & (PAGE - 1));
		s64 ret = copy_page(addr + at, at, to_end < len - at ? to_end : len - at);

		if (ret <= 0)
			return at ? (s64)at : ret;
		at += (u64)ret;
	}
	return (s64)at;
}

/* A copy goes on as process `number`. */
static s64 fork_as(int number)
{
	s64 pid = call3(SYS_fork, 0, 0, 0);

	if (pid == 0)
		process = number;
	return pid;
}

/* The file whose path is in the data: pieces with their lengths, then 0 or an error. */
static void tell_file(void)
{
	struct answer piece;
	s64 fd = call3(SYS_open, (u64)data, 0, 0);

	piece.result = fd;
	while (fd >= 0) {
		piece.result = call3(SYS_read, (u64)fd, (u64)data, DATA);
		if (piece.result <= 0)
			break;
		say(&piece, sizeof(piece));
		say(data, (u64)piece.result);
	}
	say(&piece, sizeof(piece));
	if (fd >= 0)
		call3(SYS_close, (u64)fd, 0, 0);
}

static s64 do_syscall(struct request *req)
{
	int i;

	for (i = 0; i < 6; i++)
		if (req->pointers & (1u << i))
			req->args[i] += (u64)data;
	return call(req->nr, req->args[0], req->args[1], req->args[2], req->args[3], req->args[4], req->args[5]);
}

static void serve(void)
{
	struct request req;
	struct answer ans;

	transfer(SYS_read, requests(), &req, sizeof(req));
	if (req.in_len > DATA || req.out_len > DATA)
		quit(2);
	transfer(SYS_read, requests(), data, req.in_len);
	switch (req.op) {
	case OP_SYSCALL:
		ans.result = do_syscall(&req);
		break;
	case OP_READ:
		ans.result = copy(read_page, req.args[0], req.args[1]);
		break;
	case OP_WRITE:
		ans.result = copy(write_page, req.args[0], req.args[1]);
		break;
	case OP_FORK:
		ans.result = fork_as((int)req.args[0]);
		if (ans.result == 0)
			return;
		break;
	case OP_FILE:
		tell_file();
		return;
	case OP_EXIT:
		quit((int)req.args[0]);
	default:
		ans.result = -EPROTO;
	}
	say(&ans, sizeof(ans));
	say(data, req.out_len);
}

/* What follows argc is argv: how many processes there may be is in argv[1]. */
__attribute__((used)) void begin(u64 *argc)
{
	const char *word = (const char *)argc[2];
	s64 persona = call3(SYS_personality, 0xffffffff, 0, 0);
	int ends[2], processes = 0, i;

	/* Once more where the same addresses come out each time, if that is allowed. */
	if (persona >= 0 && !(persona & ADDR_NO_RANDOMIZE) &&
	    call3(SYS_personality, (u64)persona | ADDR_NO_RANDOMIZE, 0, 0) >= 0)
		call3(SYS_execve, (u64)"/proc/self/exe", (u64)&argc[1], (u64)&argc[*argc + 2]);
	while (*argc > 1 && *word >= '0' && *word <= '9')
		processes = processes * 10 + *word++ - '0';
	for (i = 0; i < 2 * processes; i++) {
		if (call3(SYS_dup2, (u64)(FIRST_FD + i), (u64)(OWN_FD + i), 0) < 0)
			quit(3);
		call3(SYS_close, (u64)(FIRST_FD + i), 0, 0);
	}
	if (processes == 0 || call3(SYS_pipe2, (u64)ends, 0, 0) < 0)
		quit(4);
	/* It does not outlive who started it, and has those for children whose parents have gone. */
	call3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
	call3(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0);
	bytes_in = OWN_FD - 2;
	bytes_out = OWN_FD - 1;
	for (i = 0; i < 2; i++) {
		call3(SYS_dup2, (u64)ends[i], (u64)(bytes_in + i), 0);
		call3(SYS_close, (u64)ends[i], 0, 0);
	}
	for (;;)
		serve();
}

/* Its stack is in its own pages: the one that it was given can be unmapped. */
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tlea own_stack+16384(%rip), %rsp\n\tcall begin\n");
