/* sipregctl trace NAME: the SIP messages of one account, those that are kept
 * and those to come, shown or written for Wireshark. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "account.h"
#include "client.h"
#include "pcap.h"
#include "raw.h"
#include "stream.h"
#include "text.h"
#include "value.h"
#include "wire.h"

#define DEPTH_MAX    4           /* of a reply's JSON; two in fact */
#define MEMBERS_SIZE 48          /* bytes of the parameters */

struct trace {
	const struct options *opt;
	const char *name;
	struct pcap *pcap;               /* NULL: shown */
	bool done;                       /* all that was wanted has come */
};


/* --- for people --- */

/* Line by line, for what could steer a terminal is to be taken out of it, and
 * line ends are not. With an empty line at the end: a message without a body
 * has one. */
static void print_text(char *text)
{
	char *line = text, *end;
	bool empty = false;

	while (*line) {
		end = strchr(line, '\n');
		if (end)
			*end = '\0';
		if (end && end > line && end[-1] == '\r')
			end[-1] = '\0';

		text_clean(line);
		(void)puts(line);
		empty = !line[0];
		line = end ? end + 1 : line + strlen(line);
	}

	if (!empty)
		(void)putchar('\n');
}


/* "TIME  sent UDP 10.0.0.2:41822 -> 192.0.2.10:5060  flow 1" */
static void print_message(const struct odict *m, char *text)
{
	const bool sent = !strcmp(account_string(m, "direction"), "sent");
	char time[TEXT_TIME];

	(void)printf("%s%s  %-8s  %s  %s %s %s  flow %d",
		     text_colour(sent ? COLOUR_HEAD : COLOUR_GOOD),
		     text_moment(time, value_int(m, "at_usec", -1)),
		     account_string(m, "direction"),
		     account_string(m, "transport"),
		     account_string(m, "local"), sent ? "->" : "<-",
		     account_string(m, "remote"),
		     (int)value_int(m, "flow", 0));
	if (value_true(m, "stranger"))
		(void)fputs("  from a stranger, dropped", stdout);
	if (value_true(m, "truncated"))
		(void)printf("  the first %zu of %d bytes", strlen(text),
			     (int)value_int(m, "length", 0));
	(void)puts(text_colour_end(sent ? COLOUR_HEAD : COLOUR_GOOD));

	print_text(text);
}


/* --- for Wireshark --- */

static int decode_base64(struct mbuf *mb, const char *text)
{
	const size_t len = strlen(text);
	size_t size = len;
	int err;

	err = mbuf_resize(mb, len + 1);
	if (!err)
		err = base64_decode(text, len, mb->buf, &size);
	if (!err)
		mb->end = size;

	return err;
}


static int write_message(struct pcap *p, const struct odict *o,
			 const char *text)
{
	const bool sent = !strcmp(account_string(o, "direction"), "sent");
	const char *exact = odict_string(o, "base64");
	struct mbuf *mb = mbuf_alloc(strlen(text) + 1);
	struct pcap_message m = {
		.at_usec = value_int(o, "at_usec", 0),
		.stream = strcmp(account_string(o, "transport"), "udp") != 0,
	};
	int err;

	if (!mb)
		return ENOMEM;

	err = exact ? decode_base64(mb, exact) : mbuf_write_str(mb, text);
	if (!err)
		err = sa_decode(sent ? &m.src : &m.dst,
				account_string(o, "local"),
				strlen(account_string(o, "local")));
	if (!err)
		err = sa_decode(sent ? &m.dst : &m.src,
				account_string(o, "remote"),
				strlen(account_string(o, "remote")));
	if (err)
		goto out;

	m.p = mb->buf;
	m.len = mb->end;
	m.length = (size_t)value_int(o, "length", 0);
	if (m.length < m.len)
		m.length = m.len;
	err = pcap_write(p, &m);

 out:
	mem_deref(mb);

	return err;
}


/* --- replies --- */

/* That nobody reads any more is the end of the stream, and no failure. */
static enum result written(int err, const char *where)
{
	if (!err || err == EPIPE)
		return RESULT_OK;

	complain("%s: %s", where, strerror(err));

	return RESULT_FAILED;
}


/* The strings of r->o are cleaned for a terminal, line ends too; `text` is as
 * it came. */
static enum result show(const struct trace *t, const struct reply *r,
			char *text)
{
	const struct odict *m = value_object(r->o, "message");
	struct pl element;

	if (t->pcap)
		return written(write_message(t->pcap, m, text), t->opt->pcap);

	if (!t->opt->json)
		print_message(m, text);
	else if (raw_member(&element, &r->json, "message"))
		(void)printf("%.*s\n", (int)element.l, element.p);

	return stream_flush();
}


/* The null between what was and what comes. */
static enum result at_present(struct trace *t, const struct odict *o)
{
	const struct options *opt = t->opt;
	const bool keeps = value_true(o, "keeps");

	if (!keeps && !opt->live)
		complain("%s: nothing is kept to look back at: there are too "
			 "many accounts", t->name);

	t->done = opt->past && keeps;

	return opt->past ? RESULT_FAILED : RESULT_OK;
}


static enum result reply_handler(const struct reply *r, void *arg)
{
	const struct odict_entry *text;
	struct trace *t = arg;
	struct odict *o;
	enum result result;

	if (wire_decode(&o, r->json.p, r->json.l, DEPTH_MAX)) {
		complain("out of memory");
		return RESULT_FAILED;
	}

	text = odict_get_type(value_object(o, "message"), ODICT_STRING,
			      "text");
	result = text ? show(t, r, text->u.str) : at_present(t, r->o);
	mem_deref(o);

	return result;
}


static void parameters(char *buf, size_t size, const struct options *opt)
{
	if (opt->live)
		buf[0] = '\0';
	else if (opt->lines)
		(void)snprintf(buf, size, "\"past\":true,\"last\":%d",
			       opt->lines);
	else
		(void)snprintf(buf, size, "\"past\":true");
}


static bool usable(const struct options *opt)
{
	if (opt->past && opt->live)
		complain("--past and --live exclude each other");
	else if (opt->live && opt->lines)
		complain("--lines is of those kept, --live of those to come");
	else if (opt->pcap && opt->json)
		complain("--pcap and --json exclude each other");
	else if (opt->pcap && !strcmp(opt->pcap, "-") && text_terminal())
		complain("--pcap: not to a terminal");
	else
		return true;

	return false;
}


enum result verb_trace(const struct options *opt, int argc, char **argv)
{
	struct trace t = {.opt = opt, .name = argv[1]};
	char members[MEMBERS_SIZE];
	enum result result;

	(void)argc;

	if (!usable(opt))
		return RESULT_USAGE;
	if (!stream_begin())
		return RESULT_FAILED;

	if (opt->pcap) {
		result = written(pcap_open(&t.pcap, opt->pcap), opt->pcap);
		if (result != RESULT_OK)
			return result;
	}

	parameters(members, sizeof(members), opt);
	result = client_call_with(opt, 0, "Trace", argv[1], members, true,
				  reply_handler, &t);
	mem_deref(t.pcap);

	return t.done ? RESULT_OK : result;
}
