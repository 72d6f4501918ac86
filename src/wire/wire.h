/* What both ends of the control socket speak: varlink messages, each a JSON
 * object ended by NUL, or by newline if the client began so. */

#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>


/* Finds the first whole message of `mb` (pos to end): its length without the
 * end mark in *lenp and the mark ('\0' or '\n') in *endp. False: not whole. */
bool wire_message(const struct mbuf *mb, size_t *lenp, char *endp);

/* Parses one JSON object strictly: nothing before or after, UTF-8, no
 * duplicate keys, at most `depth` deep. EBADMSG otherwise. mem_deref(*op). */
int wire_decode(struct odict **op, const char *text, size_t len,
		unsigned depth);

/* JSON text into an mbuf: values, and members with their comma. A member
 * writes "key":value and puts a comma before it unless an opening bracket or
 * the start stands there. Strings that are not UTF-8 are replaced by U+FFFD
 * per bad byte. errno values as mbuf_printf(). */
int json_string(struct mbuf *mb, const char *s);
int json_open(struct mbuf *mb, const char *key, char bracket);  /* key NULL: */
int json_close(struct mbuf *mb, char bracket);          /* an array element */
int json_add_string(struct mbuf *mb, const char *key, const char *s);
					/* s NULL: null */
int json_add_int(struct mbuf *mb, const char *key, int64_t n);
int json_add_bool(struct mbuf *mb, const char *key, bool b);
int json_add_null(struct mbuf *mb, const char *key);
int json_add_text(struct mbuf *mb, const char *key, const struct mbuf *text);
					/* JSON already, pos to end */

#endif
