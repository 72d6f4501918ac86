/* The samples of the whole and of the process: see metrics_page.h. */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "histogram.h"
#include "loop.h"
#include "metrics_page.h"
#include "net.h"


enum {
	USEC = 1000000,          /* per second */
	STAT_MAX = 1024,         /* bytes of /proc/self/stat: 52 numbers */
};


/* --- of the whole --- */

enum account_state {
	STATE_REACHABLE,
	STATE_UNKNOWN,
	STATE_UNREACHABLE,
	STATE_PAUSED,
	STATE_DISABLED,
};
#define STATES (STATE_DISABLED + 1)

static const char *const statev[STATES] = {
	"reachable", "unknown", "unreachable", "paused", "disabled",
};


static enum account_state state_of(const struct agent *agent)
{
	const struct account *a = agent_account(agent);

	if (!agent_conf(agent)->enabled)
		return STATE_DISABLED;

	if (a->paused)
		return STATE_PAUSED;

	switch (a->verdict.reachable) {

	case REACHABLE_YES:     return STATE_REACHABLE;
	case REACHABLE_NO:      return STATE_UNREACHABLE;
	case REACHABLE_UNKNOWN: break;
	}

	return STATE_UNKNOWN;
}


static void add_states(struct metrics_page *p, const struct daemon *d)
{
	size_t countv[STATES] = {0};

	for (size_t i = 0; i < d->entryc; i++)
		++countv[state_of(d->entryv[i]->agent)];

	metrics_sample(p, METRIC_ACCOUNTS, " %zu", d->entryc);
	for (unsigned i = 0; i < STATES; i++)
		metrics_sample(p, METRIC_ACCOUNTS_BY_STATE,
			       "{state=\"%s\"} %zu", statev[i], countv[i]);
}


static void add_durations(struct metrics_page *p, const struct histogram *h)
{
	const enum metric m = METRIC_REGISTER_DURATION;
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		count += h->countv[i];
		metrics_sample(p, m, "_bucket{le=\"%s\"} %" PRIu64,
			       histogram_limit(i), count);
	}

	metrics_sample(p, m, "_bucket{le=\"+Inf\"} %" PRIu64, h->count);
	metrics_sample(p, m, "_sum %" PRIu64 ".%06u", h->sum_usec / USEC,
		       (unsigned)(h->sum_usec % USEC));
	metrics_sample(p, m, "_count %" PRIu64, h->count);
}


static void edge_handler(enum transport transport, const struct sa *sa,
			 bool up, void *arg)
{
	char text[ADDR_STRLEN];
	struct addr addr;

	addr_from_sa(&addr, sa);
	metrics_sample(arg, METRIC_EDGE_UP,
		       "{edge=\"%s\",transport=\"%s\"} %d",
		       addr_print(&addr, text, sizeof(text)),
		       transport_name(transport), up);
}


void metrics_daemon(struct metrics_page *p, const struct daemon *d)
{
	metrics_sample(p, METRIC_BUILD, "_info{version=\"%s\"} 1", VERSION);
	add_states(p, d);
	metrics_sample(p, METRIC_RELOAD_SUCCESSFUL, " %d",
		       !d->refusal.errors);
	metrics_sample(p, METRIC_RELOAD_TIMESTAMP, " %" PRId64 ".%03u",
		       d->loaded_usec / USEC,
		       (unsigned)(d->loaded_usec % USEC / 1000));
	edges_each_used(d->edges, edge_handler, p, loop_now());
	add_durations(p, &d->durations);
}


/* --- of the process --- */

/* Of the numbers after the name in brackets the n-th, as in proc(5). */
static uint64_t stat_field(const char *stat, unsigned n)
{
	const char *s = strrchr(stat, ')');
	uint64_t value = 0;

	for (n -= 2; s && n--;)
		s = strchr(s + 1, ' ');

	if (s)
		(void)sscanf(s, " %" SCNu64, &value);

	return value;
}


/* [ms] since 1970. Found out once: a clock that is adjusted is no restart. */
static int64_t started(const char *stat)
{
	const uint64_t hertz = (uint64_t)sysconf(_SC_CLK_TCK);
	static int64_t at;

	if (!at)
		at = loop_wall_usec() / 1000 +
			(int64_t)(stat_field(stat, 22) * 1000 / hertz);

	return at;
}


static void add_stat(struct metrics_page *p)
{
	char stat[STAT_MAX] = "";
	FILE *f = fopen("/proc/self/stat", "re");

	if (!f)
		return;

	if (fgets(stat, sizeof(stat), f)) {
		const int64_t start = started(stat);

		metrics_sample(p, METRIC_PROCESS_START,
			       " %" PRId64 ".%02u", start / 1000,
			       (unsigned)(start % 1000 / 10));
		metrics_sample(p, METRIC_PROCESS_VIRTUAL, " %" PRIu64,
			       stat_field(stat, 23));
		metrics_sample(p, METRIC_PROCESS_RSS, " %" PRIu64,
			       stat_field(stat, 24) *
			       (uint64_t)sysconf(_SC_PAGESIZE));
	}

	(void)fclose(f);
}


static void add_cpu(struct metrics_page *p)
{
	struct rusage ru;
	int64_t usec;

	if (getrusage(RUSAGE_SELF, &ru))
		return;

	usec = (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * (int64_t)USEC +
		ru.ru_utime.tv_usec + ru.ru_stime.tv_usec;
	metrics_sample(p, METRIC_PROCESS_CPU, "_total %" PRId64 ".%06u",
		       usec / USEC, (unsigned)(usec % USEC));
}


/* From Linux 6.2 on the size of that directory says it; before one has to
 * count. */
static size_t descriptors(void)
{
	struct stat st;
	DIR *dir;
	size_t n = 0;

	if (!stat("/proc/self/fd", &st) && st.st_size > 0)
		return (size_t)st.st_size;

	dir = opendir("/proc/self/fd");
	if (!dir)
		return 0;

	while (readdir(dir))
		++n;

	(void)closedir(dir);

	return n - 3;            /* "." and ".." and that of `dir` */
}


void metrics_process(struct metrics_page *p)
{
	const size_t fds = descriptors();

	add_stat(p);
	add_cpu(p);
	if (fds)
		metrics_sample(p, METRIC_PROCESS_FDS, " %zu", fds);
	metrics_sample(p, METRIC_PROCESS_MAX_FDS, " %d", getdtablesize());
}
