/* Metrics as a file, for node_exporter's textfile collector: written whole
 * beside the old one, then renamed, every METRICS_FILE_EVERY or sooner when a
 * verdict has changed. A thread writes: a disk may take seconds. */

#ifndef METRICS_FILE_H
#define METRICS_FILE_H

#include "compat.h"
#include "metrics.h"


#define METRICS_FILE_EVERY SECONDS(15)
#define METRICS_FILE_SOON  SECONDS(5)    /* the least from one to the next */

struct metrics_file;

/* From now on to this path; "": nowhere. What was written to another one is
 * removed. Out of memory: said in the log, and none. */
void metrics_file_set(struct metrics_file **fp, struct metrics *m,
		      const char *path);

/* Something has changed that is worth another one. */
void metrics_file_hurry(struct metrics_file *f);

#endif
