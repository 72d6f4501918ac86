/* Writes messages into a file that Wireshark and sngrep read, as if they had
 * been seen on the wire: each one a packet with made-up IP and UDP or TCP
 * headers. What went over TLS is in it as TCP, in the clear. */

#ifndef PCAP_H
#define PCAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <re.h>

struct pcap;

struct pcap_message {
	int64_t at_usec;                 /* CLOCK_REALTIME */
	struct sa src, dst;              /* both of one family */
	bool stream;
	const uint8_t *p;
	size_t len;                      /* bytes at p */
	size_t length;                   /* of the message, len or more */
};

/* Begins a file of mode 0600 in place of what is there; "-": stdout. errno
 * values. */
int pcap_open(struct pcap **pp, const char *path);

/* On its way when this returns. EAFNOSUPPORT: not such addresses; errno values
 * of the writing. */
int pcap_write(struct pcap *p, const struct pcap_message *m);

#endif
