/* Drives a fuzz target without libFuzzer: seeded random inputs, so that plain
 * gcc builds run the same targets, and every run can be repeated.
 *
 * usage: fuzz-NAME RUNS SEED [FILE...]     files are mutated in half the runs
 *        fuzz-NAME FILE...                 runs just these */

#include <ctype.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define INPUT_MAX   4096    /* [bytes] of a random input */
#define MUTATIONS   8       /* bytes of a file changed at most */

int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len);
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);
__attribute__((weak)) void __sanitizer_set_death_callback(void (*h)(void));

static uint8_t input[INPUT_MAX];
static size_t input_len;
static char crash_file[256];


/* splitmix64 */
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}


static void load(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(2);
	}
	input_len = fread(input, 1, sizeof(input), f);
	(void)fclose(f);
}


/* Short inputs are the most frequent: log-uniform in size. */
static void fill(uint64_t *state)
{
	const unsigned bits = next(state) % 13;

	input_len = next(state) % ((1u << bits) + 1);
	for (size_t i = 0; i < input_len; i++)
		input[i] = (uint8_t)next(state);
}


static void mutate(const char *path, uint64_t *state)
{
	unsigned n = next(state) % (MUTATIONS + 1);

	load(path);
	while (n-- && input_len)
		input[next(state) % input_len] = (uint8_t)next(state);
	if (next(state) % 4 == 0)
		input_len = next(state) % (input_len + 1);
}


/* Leaves the input behind for `fuzz-NAME FILE`. */
static void save_input(void)
{
	FILE *f = fopen(crash_file, "wb");

	if (f) {
		(void)fwrite(input, 1, input_len, f);
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
	if (__sanitizer_set_death_callback) {
		__sanitizer_set_death_callback(save_input);
		return;
	}
	(void)signal(SIGABRT, signal_handler);
	(void)signal(SIGSEGV, signal_handler);
}


/* In a block of its exact size: a checker sees every byte read beyond it. */
static void run(void)
{
	uint8_t *buf = malloc(input_len ? input_len : 1);

	if (!buf)
		abort();
	memcpy(buf, input, input_len);
	(void)LLVMFuzzerTestOneInput(buf, input_len);
	free(buf);
}


/* What crashes is left beside the program. */
static void random_runs(const char *program, unsigned long runs,
			unsigned long seed, char **filev, int filec)
{
	for (unsigned long i = 0; i < runs; i++) {
		/* each input by its own number: any one can be repeated */
		uint64_t state = ((uint64_t)seed << 32) + i;

		(void)snprintf(crash_file, sizeof(crash_file),
			       "%.200s-crash-%lu-%lu", program, seed, i);
		if (filec && i % 2)
			mutate(filev[next(&state) % (unsigned)filec], &state);
		else
			fill(&state);
		run();
	}
	printf("ok - %s: %lu random inputs, seed %lu\n", program, runs, seed);
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
			load(argv[i]);
			run();
		}
		printf("ok - %s: %d files\n", argv[0], argc - 1);
	}
	else {
		catch_crashes();
		random_runs(argv[0], strtoul(argv[1], NULL, 10),
			    strtoul(argv[2], NULL, 10), argv + 3, argc - 3);
	}
	puts("1 passed, 0 failed");
	return 0;
}
