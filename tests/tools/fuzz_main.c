/* Drives a fuzz target without libFuzzer: seeded random inputs, so that plain
 * gcc builds run the same targets, and every run can be repeated.
 *
 * usage: fuzz-NAME RUNS SEED [FILE...]     each FILE as it is, then mostly
 *                                          what is made of them
 *        fuzz-NAME FILE...                 runs just these */

#include <ctype.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define INPUT_MAX   4096    /* [bytes] of an input */
#define SEEDS_MAX   256     /* files */
#define MUTATIONS   16      /* of a file, at most */
#define RANGE_MAX   256     /* [bytes] moved, copied or cut out by one */
#define NOISE_EACH  8       /* one run of so many is without a file */

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*h)(void));

struct text {
	uint8_t v[INPUT_MAX];
	size_t len;
};

static struct text input, *seedv[SEEDS_MAX];
static size_t seedc;
static char crash_file[256];

/* What texts are made of and readers stumble over. */
static const char *const tokenv[] = {
	"\r\n", "\r\n\r\n", "\r\n ", "\n", " ", "\t", ":", ";", ",", "=", "@",
	"\"", "\\\"", "<", ">", "[", "]", "{", "}", "(", ")", "%00", "%", "*",
	"/", "0", "-1", "65536", "2147483648", "4294967295", "4294967296",
	"18446744073709551616", "\xff", "\xc0\x80", "\xe2\x82\xac",
};


/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}


static size_t below(uint64_t *state, size_t n)
{
	return n ? next(state) % n : 0;
}


/* Small numbers are the most frequent: log-uniform, up to 2^bits. */
static size_t size(uint64_t *state, unsigned bits)
{
	return below(state, ((size_t)1 << below(state, bits + 1)) + 1);
}


static void load(struct text *t, const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(2);
	}
	t->len = fread(t->v, 1, sizeof(t->v), f);
	(void)fclose(f);
}


static void load_seeds(char **filev, int filec)
{
	for (int i = 0; i < filec && seedc < SEEDS_MAX; i++) {
		struct text *t = malloc(sizeof(*t));

		if (!t)
			abort();
		load(t, filev[i]);
		seedv[seedc++] = t;
	}
}


static void fill(uint64_t *state)
{
	input.len = size(state, 12);
	for (size_t i = 0; i < input.len; i++)
		input.v[i] = (uint8_t)next(state);
}


/* --- mutations --- */

static void cut(uint64_t *state)
{
	const size_t at = below(state, input.len);
	size_t n = size(state, 8);

	if (n > input.len - at)
		n = input.len - at;

	memmove(input.v + at, input.v + at + n, input.len - at - n);
	input.len -= n;
}


/* `src` may lie in the input itself. */
static void insert(uint64_t *state, const uint8_t *src, size_t n)
{
	const size_t at = below(state, input.len + 1);
	uint8_t copy[RANGE_MAX];

	if (n > RANGE_MAX || input.len + n > INPUT_MAX)
		return;

	memcpy(copy, src, n);
	memmove(input.v + at + n, input.v + at, input.len - at);
	memcpy(input.v + at, copy, n);
	input.len += n;
}


static void change_byte(uint64_t *state)
{
	if (input.len)
		input.v[below(state, input.len)] = (uint8_t)next(state);
}


static void flip_bit(uint64_t *state)
{
	if (input.len)
		input.v[below(state, input.len)] ^=
			(uint8_t)(1u << below(state, 8));
}


static void insert_token(uint64_t *state)
{
	const size_t n = sizeof(tokenv) / sizeof(tokenv[0]);
	const char *token = tokenv[below(state, n)];

	insert(state, (const uint8_t *)token, strlen(token));
}


static void repeat_byte(uint64_t *state)
{
	uint8_t run[RANGE_MAX];

	memset(run, input.len ? input.v[below(state, input.len)] : 0,
	       sizeof(run));
	insert(state, run, size(state, 8));
}


/* From where it lies to anywhere: of this input, or of another file. */
static void insert_from(uint64_t *state, const struct text *t)
{
	const size_t at = below(state, t->len);
	size_t n = size(state, 8);

	if (n > t->len - at)
		n = t->len - at;

	insert(state, t->v + at, n);
}


static void repeat_range(uint64_t *state)
{
	insert_from(state, &input);
}


static void splice(uint64_t *state)
{
	insert_from(state, seedv[below(state, seedc)]);
}


static void end_early(uint64_t *state)
{
	if (!below(state, 8))
		input.len = below(state, input.len + 1);
}


static void (*const mutationv[])(uint64_t *state) = {
	change_byte, flip_bit, cut, insert_token, insert_token, repeat_byte,
	repeat_range, splice, splice, end_early,
};


static void mutate(uint64_t *state)
{
	const size_t kinds = sizeof(mutationv) / sizeof(mutationv[0]);
	size_t n = 1 + below(state, MUTATIONS);

	input = *seedv[below(state, seedc)];
	while (n--)
		mutationv[below(state, kinds)](state);
}


/* --- runs --- */

/* Leaves the input behind for `fuzz-NAME FILE`. */
static void save_input(void)
{
	FILE *f = fopen(crash_file, "wb");

	if (f) {
		(void)fwrite(input.v, 1, input.len, f);
		(void)fclose(f);
	}
	(void)fprintf(stderr, "not ok - %s\n", crash_file);
}


static void signal_handler(int sig)
{
	save_input();
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}


static void catch_crashes(void)
{
	static const int signalv[] = {
		SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP,
	};

	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(save_input);

	/* A checker has its own for some, but none for abort(). */
	for (size_t i = 0; i < sizeof(signalv) / sizeof(signalv[0]); i++) {
		if (!__sanitizer_set_death_callback || signalv[i] == SIGABRT)
			(void)signal(signalv[i], signal_handler);
	}
}


/* In a block of its exact size: a checker sees every byte read beyond it. */
static void run(void)
{
	uint8_t *buf = malloc(input.len ? input.len : 1);

	if (!buf)
		abort();
	memcpy(buf, input.v, input.len);
	(void)LLVMFuzzerTestOneInput(buf, input.len);
	free(buf);
}


/* What crashes is left beside the program. */
static void random_runs(const char *program, unsigned long runs,
			unsigned long seed)
{
	for (unsigned long i = 0; i < runs; i++) {
		/* each input by its own number: any one can be repeated */
		uint64_t state = ((uint64_t)seed << 32) + i;

		(void)snprintf(crash_file, sizeof(crash_file),
			       "%.200s-crash-%lu-%lu", program, seed, i);
		if (i < seedc)
			input = *seedv[i];
		else if (!seedc || next(&state) % NOISE_EACH == 0)
			fill(&state);
		else
			mutate(&state);
		run();
	}
	printf("ok - %s: %lu inputs of %zu files, seed %lu\n", program, runs,
	       seedc, seed);
}


int main(int argc, char *argv[])
{
	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s RUNS SEED [FILE...]\n"
			      "       %s FILE...\n", argv[0], argv[0]);
		return 2;
	}
	if (LLVMFuzzerInitialize)
		(void)LLVMFuzzerInitialize(&argc, &argv);

	if (argc < 3 || !isdigit((unsigned char)argv[1][0])) {
		for (int i = 1; i < argc; i++) {
			load(&input, argv[i]);
			run();
		}
		printf("ok - %s: %d files\n", argv[0], argc - 1);
	}
	else {
		load_seeds(argv + 3, argc - 3);
		catch_crashes();
		random_runs(argv[0], strtoul(argv[1], NULL, 10),
			    strtoul(argv[2], NULL, 10));
	}
	puts("1 passed, 0 failed");
	return 0;
}
