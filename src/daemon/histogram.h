/* Durations, counted by how long they were. */

#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>


/* From a registrar in the same rack to one that answers the third time it is
 * asked; beyond that it is slower than any user's patience. */
#define HISTOGRAM_BUCKETS 11

struct histogram {
	uint64_t countv[HISTOGRAM_BUCKETS];      /* each up to its limit, from
						    the one before */
	uint64_t count;                          /* of all */
	uint64_t sum_usec;
};


void histogram_add(struct histogram *h, uint64_t usec);

/* Upper limit of a bucket, inclusive, as OpenMetrics writes it [s]: "0.005" */
const char *histogram_limit(unsigned bucket);

#endif
