/* Is there as much memory? For libraries that do not survive it, or are never
 * the same again, when there is not. */

#include <sys/mman.h>
#include "room.h"


bool room_for(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return false;

	(void)munmap(p, size);

	return true;
}
