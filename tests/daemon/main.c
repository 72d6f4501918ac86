/* Runs the daemon's unit tests, several suites at a time: most of them wait.
 * CK_RUN_SUITE=name runs one suite, CK_FORK=no all in this very process. */

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 5                /* suites at a time */

#define SUITE(name) Suite *suite_##name(void);
#include "suites.h"
#undef SUITE

static Suite *(*const suitev[])(void) = {
#define SUITE(name) suite_##name,
#include "suites.h"
#undef SUITE
};

#define SUITES (sizeof(suitev) / sizeof(suitev[0]))


static int run(size_t first, size_t count)
{
	SRunner *sr = srunner_create(NULL);
	int failed;

	for (size_t i = first; i < first + count; i++)
		srunner_add_suite(sr, suitev[i]());

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}


/* One suite in a process of its own; what it prints is kept in `out`, so that
 * lines stay whole. */
static bool start(size_t i, FILE *out)
{
	pid_t pid = out ? fork() : -1;

	if (pid)
		return pid > 0;

	(void)dup2(fileno(out), STDOUT_FILENO);
	exit(run(i, 1));
}


static bool finish(void)
{
	int status;

	return wait(&status) > 0 && !status;
}


static void show(FILE *out)
{
	int c;

	rewind(out);
	while ((c = getc(out)) != EOF)
		(void)putchar(c);
	(void)fclose(out);
}


static int run_all(void)
{
	FILE *outv[SUITES];
	bool good = true;

	for (size_t i = 0; i < SUITES; i++) {
		if (i >= WORKERS)
			good &= finish();

		outv[i] = tmpfile();
		if (!start(i, outv[i])) {
			perror("cannot start a suite");
			return EXIT_FAILURE;
		}
	}

	for (size_t i = 0; i < SUITES && i < WORKERS; i++)
		good &= finish();

	for (size_t i = 0; i < SUITES; i++)
		show(outv[i]);

	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}


int main(void)
{
	const char *forks = getenv("CK_FORK");

	if (getenv("CK_RUN_SUITE") || getenv("CK_RUN_CASE") ||
	    (forks && !strcmp(forks, "no")))
		return run(0, SUITES);

	return run_all();
}
