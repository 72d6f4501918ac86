/* UTF-8, character by character. */

#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed character at `p` (1 to 4), of which `left` bytes
 * may be read; 0: none stands there (RFC 3629 §4: no overlong forms, no
 * surrogates, nothing above U+10FFFF). */
size_t utf8_char(const char *p, size_t left);

/* The character of n bytes at `p` is none to be seen, but tells a terminal what
 * to do: U+0080 to U+009F (U+009B begins an escape sequence), U+061C, U+200E,
 * U+200F, U+2028 to U+202E, U+2066 to U+2069: controls, line ends, and what
 * turns the direction of writing. */
bool utf8_steers(const char *p, size_t n);

/* The number of that character. */
uint32_t utf8_code(const char *p, size_t n);

#endif
