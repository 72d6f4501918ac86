/* UTF-8, character by character. */

#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character at `p` (1 to 4), of which `left` bytes
 * may be read; 0: none stands there (RFC 3629 §4: no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
size_t utf8_char(const char *p, size_t left);

#endif
