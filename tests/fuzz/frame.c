/* Fuzzes the framing of a stream: however the bytes come apart, the same
 * messages come out, each once and unchanged, and what is kept is bounded. */

#include "frame.h"
#include "fuzz.h"


#define STREAM_MAX (3 * FRAME_MESSAGE_MAX)

static const char good[] =
	"OPTIONS sip:alice@192.0.2.1 SIP/2.0\r\nl: 4\r\n\r\nbody";

struct run {
	struct frame f;
	const uint8_t *stream;
	size_t fed, at;          /* bytes in; bytes told as something */
	size_t most;             /* bytes that came at once */
	bool pong;               /* what was told last */
	unsigned messages;
	uint64_t places;         /* of all messages */
	msec_t now;
};


static size_t left(const struct run *r)
{
	return r->f.mb ? mbuf_get_left(r->f.mb) : 0;
}


static void on_message(struct run *r, const struct mbuf *mb, size_t n)
{
	assert(mb->pos == 0 && mb->end == n && n <= FRAME_MESSAGE_MAX);
	assert(!memcmp(mb->buf, r->stream + r->at, n));

	++r->messages;
	r->places = (r->places * 31 + r->at) * 31 + n;
}


static bool next(struct run *r)
{
	struct mbuf *mb = NULL;
	const enum frame_result what = frame_next(&r->f, &mb, r->now);
	const uint8_t *p = r->stream + r->at;
	const size_t at = r->fed - left(r), n = at - r->at;

	switch (what) {

	case FRAME_MESSAGE:
		on_message(r, mb, n);
		break;

	case FRAME_PONG:
		assert(n == 2 && !memcmp(p, "\r\n", n));
		break;

	case FRAME_PING:
		assert(n == (r->pong && n < 4 ? 2 : 4));
		assert(!memcmp(p, "\r\n\r\n", n));
		break;

	case FRAME_MORE:
	case FRAME_ERROR:
		assert(n == 0 && (r->f.error != NULL) == (what == FRAME_ERROR));
		break;
	}

	assert((mb != NULL) == (what == FRAME_MESSAGE));
	mem_deref(mb);
	r->at = at;
	if (what != FRAME_MORE)
		r->pong = what == FRAME_PONG;

	return what != FRAME_MORE && what != FRAME_ERROR;
}


static void feed(struct run *r, const uint8_t *p, size_t n)
{
	assert(!frame_add(&r->f, p, n, r->now));
	r->fed += n;
	if (n > r->most)
		r->most = n;
	while (next(r))
		;

	if (r->f.error)
		return;

	/* what is kept is not whole, and could be */
	assert(left(r) < FRAME_MESSAGE_MAX && r->f.total <= FRAME_MESSAGE_MAX);
	assert(r->f.total ? left(r) < r->f.total
	       : !left(r) || !memmem(mbuf_buf(r->f.mb), left(r),
				     "\r\n\r\n", 4));
	assert(!r->f.mb || r->f.mb->size <=
	       2 * (FRAME_MESSAGE_MAX + r->most));
	assert((r->f.since == NEVER) == !left(r));
}


/* All at once without `state`. */
static struct run play(const uint8_t *stream, size_t len, uint32_t *state)
{
	struct run r = {.stream = stream, .now = 1000};

	frame_init(&r.f);
	while (r.fed < len && !r.f.error) {
		const size_t n = state ? fuzz_piece(state, len - r.fed) : len;

		feed(&r, stream + r.fed, n);
		if (state)
			r.now += fuzz_next(state) % (2 * FRAME_PING_JOIN);
	}

	return r;
}


int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_init();

	return 0;
}


int LLVMFuzzerTestOneInput(const uint8_t *buf, size_t len)
{
	static uint8_t stream[STREAM_MAX + sizeof(good)];
	const size_t n = fuzz_expand(stream, STREAM_MAX, buf, len);
	uint32_t state = fuzz_seed(buf, len);
	struct run whole = play(stream, n, NULL);
	struct run cut = play(stream, n, &state);

	assert(whole.messages == cut.messages && whole.places == cut.places);
	assert(whole.f.error == cut.f.error);
	assert(!cut.f.error || whole.at == cut.at);

	/* It goes on where the stream is between messages. */
	if (!cut.f.error && !left(&cut)) {
		memcpy(stream + n, good, sizeof(good) - 1);
		feed(&cut, stream + n, sizeof(good) - 1);
		assert(cut.messages == whole.messages + 1);
	}

	(void)frame_datagram(buf, len);
	frame_reset(&whole.f);
	frame_reset(&cut.f);

	return 0;
}
