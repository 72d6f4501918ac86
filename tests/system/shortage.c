/* Preloaded, it lets one allocation of a program fail, as if there were no
 * memory at that moment: the `nth` from when the driver armed it, by the file
 * $SHORTAGE that both have mapped. What valgrind replaces is what is found
 * behind us, so both work together. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define FRAMES 64
#define CLOSE  6                 /* so near is who asks for it */

/* As tests/system/shortage.py packs it. */
struct shortage {
	uint64_t nth;            /* the one that fails; 0: none, not counted */
	uint64_t count;          /* since it was armed */
	uint64_t failed;         /* how many were made to fail: 1, or none */
	uint64_t base;           /* where the program is */
	uint64_t framec;
	uint64_t framev[FRAMES]; /* who asked for it, innermost first */
};

static struct shortage *shortage;  /* NULL: nothing fails */

static struct {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t count, size_t size);
	void *(*realloc)(void *p, size_t size);
	void *(*aligned_alloc)(size_t align, size_t size);
	int (*posix_memalign)(void **p, size_t align, size_t size);
} next;


static void note_caller(void)
{
	void *framev[FRAMES];
	const int n = backtrace(framev, FRAMES);

	for (int i = 0; i < n; i++)
		shortage->framev[i] = (uintptr_t)framev[i];

	shortage->framec = (uint64_t)n;
	shortage->base = getauxval(AT_PHDR) - sizeof(ElfW(Ehdr));
}


/* libconfig does not look at what malloc() says, and OpenSSL's secure heap ends
 * the process; who uses them sees to it beforehand that there is enough. The
 * next one fails in their place. */
static bool for_the_careless(void)
{
	Dl_info info;

	for (uint64_t i = 0; i < shortage->framec && i < CLOSE; i++) {
		if (!dladdr((void *)(uintptr_t)shortage->framev[i], &info))
			continue;

		if ((info.dli_fname && strstr(info.dli_fname, "libconfig")) ||
		    (info.dli_sname && !strcmp(info.dli_sname,
					       "CRYPTO_secure_malloc_init")))
			return true;
	}

	return false;
}


static bool fails(void)
{
	if (!shortage || !shortage->nth || shortage->failed ||
	    __atomic_add_fetch(&shortage->count, 1, __ATOMIC_RELAXED) <
	    shortage->nth)
		return false;

	note_caller();
	if (for_the_careless())
		return false;

	++shortage->failed;
	errno = ENOMEM;

	return true;
}


/* The dynamic linker may allocate before our constructor has run, and while
 * dlsym() looks for the others. */
static void find_next(void)
{
	next.malloc = dlsym(RTLD_NEXT, "malloc");
	next.calloc = dlsym(RTLD_NEXT, "calloc");
	next.realloc = dlsym(RTLD_NEXT, "realloc");
	next.aligned_alloc = dlsym(RTLD_NEXT, "aligned_alloc");
	next.posix_memalign = dlsym(RTLD_NEXT, "posix_memalign");
}


void *malloc(size_t size)
{
	if (!next.malloc)
		find_next();

	return fails() ? NULL : next.malloc(size);
}


void *calloc(size_t count, size_t size)
{
	if (!next.calloc)
		find_next();

	return fails() ? NULL : next.calloc(count, size);
}


void *realloc(void *p, size_t size)
{
	if (!next.realloc)
		find_next();

	return fails() ? NULL : next.realloc(p, size);
}


void *aligned_alloc(size_t align, size_t size)
{
	if (!next.aligned_alloc)
		find_next();

	return fails() ? NULL : next.aligned_alloc(align, size);
}


int posix_memalign(void **p, size_t align, size_t size)
{
	if (!next.posix_memalign)
		find_next();

	return fails() ? ENOMEM : next.posix_memalign(p, align, size);
}


__attribute__((constructor)) static void init(void)
{
	const char *path = getenv("SHORTAGE");
	void *framev[1], *p;
	int fd;

	/* the first one loads a library, which allocates */
	(void)backtrace(framev, 1);

	fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0)
		return;

	p = mmap(NULL, sizeof(*shortage), PROT_READ | PROT_WRITE, MAP_SHARED,
		 fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED)
		shortage = p;
}
