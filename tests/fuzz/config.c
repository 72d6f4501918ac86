/* Fuzzes a configuration: what does not load says why, what loads is printed,
 * and what is printed loads again and is printed the same. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "fuzz.h"


#define FILE_FD   100    /* the file is /proc/self/fd/100 */
#define PRESET_FD 101    /* a preset of that name, beside it */
#define COUNT_MAX 50     /* accounts of one group: more only take longer */

static const char preset[] =
	"transport = \"tcp\"; keepalive = { interval = 30; };\n";

/* libconfig 1.5 loses some bytes at each error of syntax. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}


static void message_handler(bool error, const char *text, void *arg)
{
	unsigned *errors = arg;

	assert(strstr(text, ":") && !strchr(text, '\n'));
	*errors += error;
}


/* A file without a name at descriptor `fd`. */
static void make_file(int fd)
{
	const int made = memfd_create("fuzz", 0);

	if (made < 0 || dup2(made, fd) < 0 || fchmod(fd, 0600))
		abort();
	(void)close(made);
}


static void write_file(int fd, const void *text, size_t len)
{
	if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != (ssize_t)len)
		abort();
}


static struct config *load(const void *text, size_t len)
{
	struct config *c = NULL;
	unsigned errors = 0;
	int err;

	write_file(FILE_FD, text, len);
	err = config_load_presets(&c, "/proc/self/fd/100", "/proc/self/fd",
				  message_handler, &errors);
	assert(!err == !errors && !err == (c != NULL));

	return c;
}


static struct mbuf *print(const struct config *c)
{
	struct mbuf *mb = mbuf_alloc(4096);

	if (!mb || mbuf_printf(mb, "%H", config_print, c))
		abort();

	return mb;
}


/* Ten thousand accounts would be no mistake, but take seconds. */
static bool too_many(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	while ((p = memmem(p, (size_t)(end - p), "count", 5))) {
		p += strcspn(p, "0123456789;");
		if (strtoul(p, NULL, 0) > COUNT_MAX)
			return true;
	}

	return false;
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_init();
	make_file(FILE_FD);
	make_file(PRESET_FD);
	write_file(PRESET_FD, preset, sizeof(preset) - 1);

	return 0;
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	struct config *first, *second;
	struct mbuf *mb, *again;
	char *text = strndup((const char *)buf, len);

	if (!text)
		abort();
	first = too_many(text, strlen(text)) ? NULL : load(buf, len);
	free(text);
	if (!first)
		return 0;

	mb = print(first);
	second = load(mb->buf, mb->end);
	assert(second);
	again = print(second);
	assert(mb->end == again->end && !memcmp(mb->buf, again->buf, mb->end));

	mem_deref(mb);
	mem_deref(again);
	mem_deref(first);
	mem_deref(second);

	return 0;
}
