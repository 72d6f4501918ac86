/* A file in memory that can be sealed. */

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include "memfile.h"


#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#ifndef MFD_NOEXEC_SEAL          /* Linux 6.3, which complains without it */
#define MFD_NOEXEC_SEAL 8u
#endif


int memfile_open(int *fdp, const char *name)
{
	const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd;

	fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, flags);
	if (fd < 0)
		return errno;

	*fdp = fd;

	return 0;
}


int memfile_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, SEALS) ? errno : 0;
}
