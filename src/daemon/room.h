/* Is there as much memory? For libraries that do not survive it, or are never
 * the same again, when there is not. */

#ifndef ROOM_H
#define ROOM_H

#include <stdbool.h>
#include <stddef.h>


/* Would the kernel give so many bytes? Nothing of them is kept or touched. */
bool room_for(size_t size);

#endif
