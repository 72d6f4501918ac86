/* A request of HTTP/1.1 (RFC 9112), as much of it as metrics need. */

#ifndef METRICS_REQUEST_H
#define METRICS_REQUEST_H

#include "compat.h"
#include "metrics_family.h"


enum metrics_path {
	METRICS_PATH_METRICS,
	METRICS_PATH_HEALTH,
	METRICS_PATH_READY,
	METRICS_PATH_NONE,
};

struct metrics_request {
	bool head;                       /* HEAD, not GET */
	enum metrics_path path;
	enum metrics_format format;      /* that is asked for */
};

/* Is the header of the request whole? */
bool metrics_request_whole(const char *text, size_t len);

/* Reads it. 0; else the status code of the answer: 400, 404, 405, 505. */
unsigned metrics_request_read(struct metrics_request *r, const char *text,
			      size_t len);

#endif
