/* A story that is being played: see story.c. */

#ifndef STORY_H
#define STORY_H

#include "../world/world.h"


#define WORDS_MAX 24
#define DEEDS_MAX 64
#define LINE_MAX_ 512

struct seen {
	enum deed deed;
	enum challenge_sent credentials;
	msec_t at;
};

struct story {
	const char *file;
	unsigned line;
	struct world w;
	bool there;              /* the account line was read */
	bool ponging;            /* pings are answered without a line */
	struct seen seenv[DEEDS_MAX];
	unsigned seenc, seen_at; /* told, expected */
	char *wordv[WORDS_MAX + 1];
	unsigned wordc, word;
	bool failed;
};

/* --- words.c: the words of a line --- */

/* The first failure is told, and ends the story. */
void fail(struct story *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *word(struct story *s);       /* the next one; "" */
bool word_is(struct story *s, const char *text);         /* takes it, if so */
unsigned long number(struct story *s);
msec_t time_of(struct story *s, const char *text);
struct addr address(struct story *s);    /* "192.0.2.1", "[2001:db8::1]:5062" */

/* --- expect.c: what happened, and what was expected --- */

void deed_handler(struct world *w, enum deed d, void *arg);
void forget_deeds(struct story *s);
void none_left(struct story *s);         /* that nobody expected */
void pass(struct story *s, msec_t until);
void expect(struct story *s);

/* --- facts.c: the account and what happens to it --- */

void account(struct story *s);
/* False: it is no such word. */
bool play_fact(struct story *s, const char *verb);

#endif
