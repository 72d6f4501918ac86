/* FNV-1a of 64 bits: tells what changed by itself, not what somebody forged. */

#ifndef FNV_H
#define FNV_H

#include <stddef.h>
#include <stdint.h>


#define FNV_BASIS UINT64_C(0xcbf29ce484222325)   /* to begin with */
#define FNV_PRIME UINT64_C(0x100000001b3)


/* Goes on from `hash`. Every change of a single byte changes it: each step is
 * one to one. */
static inline uint64_t fnv(uint64_t hash, const void *p, size_t len)
{
	const unsigned char *byte = p;

	while (len--)
		hash = (hash ^ *byte++) * FNV_PRIME;

	return hash;
}

#endif
