/* What the state file costs with many accounts: bytes and time to write it, to
 * read it, and the longest that the loop has to wait. */

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "loop.h"
#include "state.h"
#include "timer.h"

#define ACCOUNTS 10000
#define REGISTRAR "sip:registrar.example.com"

struct owner {
	struct state_node node;
	char name[32], aor[64];
	unsigned n;
};

static struct owner ownerv[ACCOUNTS];
static char dir[] = "/tmp/state_bench.XXXXXX", file[64];
static double once;              /* [MB] of the file with each once */
static uint64_t longest, last;
static struct timer look_timer;
static bool (*done)(void);


static void fill_handler(struct state_account *a, void *arg)
{
	struct owner *o = arg;
	struct state_reg *r = &a->regv[0];

	a->name = o->name;
	a->aor = o->aor;
	a->registrar = (char *)(uintptr_t)REGISTRAR;
	a->worked = true;
	a->regc = 1;
	r->reg_id = 1;
	(void)snprintf(r->callid, sizeof(r->callid), "%032u", o->n);
	r->cseq = 1000;
	r->contactc = 1;
	(void)snprintf(r->contactv[0].uri, STATE_URI_SIZE,
		       "sip:%s-0123456789abcdef@192.0.2.1:40000;transport=tls",
		       o->name);
	r->contactv[0].until_usec = loop_wall_usec() + (int64_t)loop_usec() +
				    300000000;
	r->digest = (struct digest_kept){
		.realm = "registrar.example.com", .qop = true, .nc = 17,
		.nonce = "ZzYxNWRiNGE1YjQ5ZTQ3ZjQ0ZTU5MzE4ZDM0NzQ1NjE=",
		.algorithm = DIGEST_SHA256,
	};
	a->eventc = STATE_EVENTS;
	for (unsigned i = 0; i < STATE_EVENTS; i++)
		a->eventv[i] = (struct event){
			.at_usec = 1760000000123456u + i, .seq = 900 + i,
			.value = 300, .code = i % 2 ? 200 : 0,
			.type = i % 2 ? EVENT_RESPONSE : EVENT_REGISTER_SENT,
			.registered = true, .reachable = REACHABLE_YES,
			.flow = 1,
		};
	a->seq = 900 + STATE_EVENTS - 1;
}


static double since(uint64_t start)
{
	return (double)(loop_usec() - start) / 1000;
}


static double megabytes(void)
{
	struct stat st;

	return stat(file, &st) ? 0 : (double)st.st_size / 1e6;
}


/* At once again each time: how late it comes is how long others block. */
static void look_handler(void *arg)
{
	const uint64_t now = loop_usec();
	(void)arg;

	if (last && now - last > longest)
		longest = now - last;
	last = now;
	if (done())
		loop_stop();
	else
		timer_start(&look_timer, loop_now());
}


static void await(const char *what, bool (*h)(void))
{
	const uint64_t start = loop_usec();

	done = h;
	longest = last = 0;
	timer_start(&look_timer, loop_now());
	(void)loop_run();
	(void)printf("%-28s %8.1f ms, the loop waited %.1f ms at most\n", what,
		     since(start), (double)longest / 1000);
}


static bool is_written(void)
{
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		if (ownerv[i].node.dirty.list)
			return false;
	}

	return true;
}


static bool is_small(void)
{
	return is_written() && megabytes() < 1.5 * once;
}


static void add(struct state *s)
{
	for (unsigned i = 0; i < ACCOUNTS; i++) {

		struct owner *o = &ownerv[i];

		o->n = i;
		(void)snprintf(o->name, sizeof(o->name), "account%u", i);
		(void)snprintf(o->aor, sizeof(o->aor),
			       "sip:account%u@example.com", i);
		state_add(s, &o->node, fill_handler, o);
	}
}


static void change(void)
{
	for (unsigned i = 0; i < ACCOUNTS; i++)
		state_changed(&ownerv[i].node);
}


static void writes(void)
{
	struct state *s;
	uint64_t start;

	if (state_alloc(&s, dir))
		exit(1);

	add(s);
	change();
	await("all of them, first", is_written);
	once = megabytes();
	(void)printf("%-28s %8.1f MB, %.0f bytes each\n", "the file", once,
		     once * 1e6 / ACCOUNTS);

	state_forget(s);
	change();
	await("all of them made anew", is_small);
	change();
	await("all of them, again", is_written);

	start = loop_usec();
	state_close(s);
	(void)printf("%-28s %8.1f ms\n", "close", since(start));
}


static void reads(void)
{
	struct state *s;
	size_t before = mallinfo2().uordblks, with;
	uint64_t start = loop_usec();
	unsigned n = 0;

	if (state_alloc(&s, dir))
		exit(1);
	(void)printf("%-28s %8.1f ms\n", "read", since(start));

	start = loop_usec();
	for (unsigned i = 0; i < ACCOUNTS; i++)
		n += !!state_find(s, ownerv[i].name, ownerv[i].aor, REGISTRAR);
	(void)printf("%-28s %8.1f ms, %u found\n", "find all", since(start),
		     n);

	with = mallinfo2().uordblks;
	state_forget(s);
	(void)printf("%-28s %8zu kB, then %zu kB\n", "memory until forget",
		     (with - before) / 1024,
		     (mallinfo2().uordblks - before) / 1024);
	(void)mem_deref(s);
}


int main(void)
{
	if (loop_init(NULL, NULL) || !mkdtemp(dir))
		return 1;

	(void)snprintf(file, sizeof(file), "%s/" STATE_FILE, dir);
	timer_init(&look_timer, look_handler, NULL);
	writes();
	reads();
	(void)unlink(file);
	(void)rmdir(dir);
	loop_close();

	return 0;
}
