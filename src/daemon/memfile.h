/* A file in memory, without a name on any disk, that nobody changes any more
 * once it is sealed: what is left to the next process. */

#ifndef MEMFILE_H
#define MEMFILE_H


/* Close-on-exec. `name` is for /proc only. errno values. */
int memfile_open(int *fdp, const char *name);
int memfile_seal(int fd);

#endif
