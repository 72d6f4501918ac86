/* Durations, counted by how long they were: see histogram.h. */

#include "histogram.h"


static const struct {
	uint64_t usec;
	const char *text;        /* [s]; OpenMetrics wants a float */
} limitv[HISTOGRAM_BUCKETS] = {
	{5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"}, {50000, "0.05"},
	{100000, "0.1"}, {250000, "0.25"}, {500000, "0.5"}, {1000000, "1.0"},
	{2500000, "2.5"}, {5000000, "5.0"}, {10000000, "10.0"},
};


void histogram_add(struct histogram *h, uint64_t usec)
{
	++h->count;
	h->sum_usec += usec;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		if (usec <= limitv[i].usec) {
			++h->countv[i];
			return;
		}
	}
}


const char *histogram_limit(unsigned bucket)
{
	return limitv[bucket].text;
}
