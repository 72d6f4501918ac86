/* UTF-8, character by character. */

#include "utf8.h"


static bool tail(uint8_t c)
{
	return c >= 0x80 && c <= 0xbf;
}


/* RFC 3629 §4: after some first bytes the second one has a smaller range. */
static bool second(uint8_t first, uint8_t c)
{
	switch (first) {

	case 0xe0: return c >= 0xa0 && c <= 0xbf;
	case 0xed: return c >= 0x80 && c <= 0x9f;
	case 0xf0: return c >= 0x90 && c <= 0xbf;
	case 0xf4: return c >= 0x80 && c <= 0x8f;
	default:   return tail(c);
	}
}


static size_t length(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first <= 0xdf)
		return 2;
	if (first >= 0xe0 && first <= 0xef)
		return 3;
	if (first >= 0xf0 && first <= 0xf4)
		return 4;

	return 0;
}


size_t utf8_char(const char *p, size_t left)
{
	const uint8_t *u = (const uint8_t *)p;
	size_t i, n;

	if (!left)
		return 0;

	n = length(u[0]);
	if (!n || n > left)
		return 0;

	if (n > 1 && !second(u[0], u[1]))
		return 0;

	for (i = 2; i < n; i++) {
		if (!tail(u[i]))
			return 0;
	}

	return n;
}


bool utf8_steers(const char *p, size_t n)
{
	const uint8_t *u = (const uint8_t *)p;

	if (n == 2)
		return (u[0] == 0xc2 && u[1] < 0xa0) ||
		       (u[0] == 0xd8 && u[1] == 0x9c);

	if (n != 3 || u[0] != 0xe2)
		return false;

	if (u[1] == 0x80)
		return u[2] == 0x8e || u[2] == 0x8f ||
		       (u[2] >= 0xa8 && u[2] <= 0xae);

	return u[1] == 0x81 && u[2] >= 0xa6 && u[2] <= 0xa9;
}


uint32_t utf8_code(const char *p, size_t n)
{
	const uint8_t *u = (const uint8_t *)p;
	uint32_t code = n == 1 ? u[0] : u[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		code = code << 6 | (u[i] & 0x3f);

	return code;
}
