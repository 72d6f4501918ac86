/* Runs the daemon's unit tests, several suites at a time: most of them wait.
 * CK_RUN_SUITE=name runs one suite, CK_FORK=no all in this very process. */

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 4

#define SUITE(name) Suite *suite_##name(void);
#include "suites.h"
#undef SUITE

static Suite *(*const suitev[])(void) = {
#define SUITE(name) suite_##name,
#include "suites.h"
#undef SUITE
};

#define SUITES (sizeof(suitev) / sizeof(suitev[0]))

struct worker {
	pid_t pid;
	FILE *out;               /* kept, so that lines stay whole */
};


/* Every `step`-th suite. */
static int run(size_t first, size_t step)
{
	SRunner *sr = srunner_create(NULL);
	int failed;

	for (size_t i = first; i < SUITES; i += step)
		srunner_add_suite(sr, suitev[i]());

	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);

	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}


static bool start(struct worker *w, size_t n)
{
	w->out = tmpfile();
	w->pid = w->out ? fork() : -1;
	if (w->pid)
		return w->pid > 0;

	(void)dup2(fileno(w->out), STDOUT_FILENO);
	exit(run(n, WORKERS));
}


/* Its exit status, 0 if all is well. */
static int finish(struct worker *w)
{
	int c, status = -1;

	(void)waitpid(w->pid, &status, 0);

	rewind(w->out);
	while ((c = getc(w->out)) != EOF)
		(void)putchar(c);
	(void)fclose(w->out);

	return status;
}


int main(void)
{
	const char *forks = getenv("CK_FORK");
	struct worker workerv[WORKERS];
	int failed = 0;

	if (getenv("CK_RUN_SUITE") || getenv("CK_RUN_CASE") ||
	    (forks && !strcmp(forks, "no")))
		return run(0, 1);

	for (size_t i = 0; i < WORKERS; i++) {
		if (!start(&workerv[i], i)) {
			perror("worker");
			return EXIT_FAILURE;
		}
	}

	for (size_t i = 0; i < WORKERS; i++)
		failed |= finish(&workerv[i]);

	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
