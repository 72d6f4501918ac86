/* The event loop: libre's, prepared for many descriptors, with signals read
 * from a descriptor and a clock that nobody can set. */

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "log.h"
#include "loop.h"
#include "room.h"
#include "timer.h"
#include "tls.h"

#define DEBUG_MODULE "sipregd"   /* re_dbg.h wants both */
#define DEBUG_LEVEL 0
#include <re_dbg.h>


/* libre keeps 36 zeroed bytes per descriptor that there could be; these are
 * 100,000 accounts with a flow each, and room to replace some of them. */
#define DESCRIPTORS_MAX 131072

/* Room for an operator who raises a low limit of a running process. */
#define DESCRIPTORS_MIN 4096

/* [bytes] that OpenSSL's start takes, 0.4 MB measured, and more: what it could
 * not allocate then is missing for ever, and not always said. */
#define LIBRARIES_ROOM (2 << 20)

static bool stopped;

static const int signalv[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR2, SIGCHLD};

static struct {
	struct io io;                    /* the signalfd */
	loop_signal_h *h;
	void *arg;
	sigset_t mask;                   /* as it was before */
} sig = {
	.io = {.fd = -1},
};


int io_listen(struct io *io, int flags)
{
#ifdef HAVE_RE_FHS
	return fd_listen(&io->fhs, io->fd, flags, io->h, io->arg);
#else
	return fd_listen(io->fd, flags, io->h, io->arg);
#endif
}


void io_stop(struct io *io)
{
	/* Zeroed and never listened on: 0 is somebody else's descriptor. */
	if (io->fd < 0 || !io->h)
		return;

#ifdef HAVE_RE_FHS
	io->fhs = fd_close(io->fhs);
#else
	fd_close(io->fd);
#endif
}


static void signal_handler(int flags, void *arg)
{
	struct signalfd_siginfo si;

	(void)flags;
	(void)arg;

	/* Again each time: a handler may stop or close the loop. */
	while (!stopped && sig.io.fd >= 0 &&
	       read(sig.io.fd, &si, sizeof(si)) == sizeof(si)) {
		if (sig.h)
			sig.h((int)si.ssi_signo, sig.arg);
	}
}


static int signals_init(loop_signal_h *h, void *arg)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signalv) / sizeof(signalv[0]); i++)
		(void)sigaddset(&set, signalv[i]);

	if (sigprocmask(SIG_BLOCK, &set, &sig.mask))
		return errno;

	sig.io.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (sig.io.fd < 0) {
		int err = errno;

		(void)sigprocmask(SIG_SETMASK, &sig.mask, NULL);
		return err;
	}

	sig.io.h = signal_handler;
	sig.h = h;
	sig.arg = arg;

	return io_listen(&sig.io, FD_READ);
}


static void signals_close(void)
{
	if (sig.io.fd < 0)
		return;

	io_stop(&sig.io);
	(void)close(sig.io.fd);
	sig.io.fd = -1;

	/* One that came after the last look must not kill us on the way out. */
	for (size_t i = 0; i < sizeof(signalv) / sizeof(signalv[0]); i++) {
		/* that does not kill, and ignored it would eat the status of
		 * every child */
		if (signalv[i] != SIGCHLD)
			(void)signal(signalv[i], SIG_IGN);
	}

	(void)sigprocmask(SIG_SETMASK, &sig.mask, NULL);
}


static int raise_descriptors(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return errno;

	if (lim.rlim_cur < lim.rlim_max) {
		struct rlimit all = {lim.rlim_max, lim.rlim_max};

		/* refused: live with what there is */
		if (!setrlimit(RLIMIT_NOFILE, &all))
			lim = all;
	}

	if (lim.rlim_cur > DESCRIPTORS_MAX)
		lim.rlim_cur = DESCRIPTORS_MAX;
	if (lim.rlim_cur < DESCRIPTORS_MIN)
		lim.rlim_cur = DESCRIPTORS_MIN;

	return fd_setsize((int)lim.rlim_cur);
}


/* libre would fall back to poll() in silence when it cannot read the kernel's
 * version; with thousands of flows that is no choice. */
static int require_epoll(void)
{
	int err = poll_method_set(METHOD_EPOLL);

	if (err)
		log_error(NULL, "epoll is not to be had: %s", strerror(err));

	return err;
}


/* OpenSSL's parts start at their first use. Without memory its generator would
 * crash then, and other parts would be missing for ever: let that be now. */
static int start_openssl(void)
{
	unsigned char byte;
	SSL_CTX *ctx;

	if (!OSSL_LIB_CTX_get0_global_default())
		return ENOMEM;
	if (RAND_bytes(&byte, sizeof(byte)) != 1)
		return EIO;

	ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_free(ctx);

	return ctx ? tls_shortage() : ENOMEM;
}


/* libre's own words go to stderr unasked, some with the peer's text in them. */
static void dbg_handler(int level, const char *p, size_t len, void *arg)
{
	(void)level;
	(void)p;
	(void)len;
	(void)arg;
}


int loop_init(loop_signal_h *signalh, void *arg)
{
	int err;

	dbg_handler_set(dbg_handler, NULL);

	if (!room_for(LIBRARIES_ROOM))
		return ENOMEM;

	err = libre_init();
	if (err)
		return err;

	/* libre has set a handler of its own, and OpenSSL's socket BIO writes
	 * without MSG_NOSIGNAL. */
	(void)signal(SIGPIPE, SIG_IGN);

	/* A file that grows beyond RLIMIT_FSIZE is an error of that file; and
	 * what other daemons rotate their logs by must not end this one. */
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);

	err = start_openssl();
	if (!err)
		err = raise_descriptors();
	if (!err)
		err = require_epoll();
	if (!err)
		err = timers_init();
	if (!err)
		err = signals_init(signalh, arg);
	if (err)
		loop_close();

	return err;
}


int loop_run(void)
{
	stopped = false;

	return re_main(NULL);
}


void loop_stop(void)
{
	stopped = true;
	re_cancel();
}


bool loop_stopped(void)
{
	return stopped;
}


void loop_close(void)
{
	signals_close();
	timers_close();
	libre_close();
}


static int64_t clock_usec(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);

	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}


msec_t loop_now(void)
{
	return (msec_t)clock_usec(CLOCK_BOOTTIME) / 1000;
}


uint64_t loop_usec(void)
{
	return (uint64_t)clock_usec(CLOCK_BOOTTIME);
}


int64_t loop_wall_usec(void)
{
	return clock_usec(CLOCK_REALTIME) - clock_usec(CLOCK_BOOTTIME);
}
