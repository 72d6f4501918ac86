/* The members of a line: what handed.c writes and handed_read.c reads, row by
 * row. */

#ifndef HANDED_FIELD_H
#define HANDED_FIELD_H

#include "handed.h"


enum handed_kind {
	HANDED_BOOL,
	HANDED_NUMBER,           /* of 32 bits */
	HANDED_TIME,             /* msec_t: a number, or "never" */
	HANDED_HASH,             /* uint64_t: HANDED_HASH_TEXT digits */
	HANDED_WORD,             /* an enum, by its name */
	HANDED_ADDR,             /* "192.0.2.1:5060", or null */
	HANDED_TEXT,
};

#define HANDED_NEVER     "never"
#define HANDED_HASH_TEXT 16      /* hex digits: JSON's integers have a sign */

typedef const char *(handed_name_h)(unsigned value);
typedef bool (handed_good_h)(const char *text);

struct handed_field {
	const char *name;
	enum handed_kind kind;
	size_t offset;           /* in struct handed */
	uint32_t min, max;       /* NUMBER, WORD: what it may be; ADDR, TEXT:
				    `min` 1: it must be there; TEXT: at most
				    `max` bytes */
	handed_name_h *nameh;    /* WORD */
	handed_good_h *goodh;    /* TEXT */
};

/* An object in the line, or (name NULL) what stands in the line itself. */
struct handed_group {
	const char *name;
	const struct handed_field *fieldv;
	size_t fieldc;
};

extern const struct handed_group handed_groupv[];
extern const size_t handed_groupc;

/* Where its value is, and the value of a NUMBER or WORD. */
void *handed_at(const struct handed_field *f, const struct handed *h);
uint32_t handed_number(const struct handed_field *f, const struct handed *h);
void handed_set_number(const struct handed_field *f, struct handed *h,
		       uint32_t n);

/* Is it within the limits? What is written and what was read. */
bool handed_number_good(const struct handed_field *f, uint64_t n);
bool handed_text_good(const struct handed_field *f, const char *text);
bool handed_addr_good(const struct handed_field *f, const struct addr *a);

#endif
