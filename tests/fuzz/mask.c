/* Fuzzes mask.c: a message of the input's making in which secrets are planted,
 * as we write them and as others might send them back. None is in what comes
 * out, nothing but letters has become something else, and nothing but '*'.
 *
 * In the input a byte below 16 other than white space stands for one of the
 * pieces that carry a secret. */

#include <ctype.h>
#include "fuzz.h"
#include "mask.h"
#include "prober.h"


#define TEXT_MAX 8192

/* What must not be seen, in any case. */
#define NONCE    "nqzw9.nonce"
#define RESPONSE "d3c0ffee5ec2e7d3c0ffee5ec2e7d3c0"
#define CNONCE   "cq77zw.cnonce"
#define SECRET   "5ec2e75ec2e75ec2e75ec2e75ec2e75e"
#define PASSWORD "hunter two"
#define KEY      "k3y/zq"

static const char *const hiddenv[] = {
	NONCE, RESPONSE, CNONCE, SECRET, PASSWORD, KEY, FUZZ_ACCOUNT, FUZZ_FLOW,
};

/* Nothing in front of it but what begins a line or a word makes it another
 * thing than it is: so each begins with an end of line or a blank. */
static const char *const piecev[16] = {
	"\r\nAuthorization: Digest username=\"alice\",realm=\"r\",nonce=\""
	NONCE "\",response=\"" RESPONSE "\",cnonce=\"" CNONCE "\",nc=00000001"
	"\r\n",
	"\r\nproxy-AUTHORIZATION :\r\n Digest response = \r\n\t\"" RESPONSE
	"\" , CNONCE=" CNONCE "\n",
	"\r\nWWW-Authenticate: Digest realm=\"r\",nonce=\"" NONCE "\"\r\n",
	"\r\nm: <sip:alice@10.0.0.2;" REGISTER_TOKEN "=" FUZZ_ACCOUNT "."
	FUZZ_FLOW ">\r\n",
	"\r\n" PROBER_HEADER ": " SECRET "\r\nCall-ID: " SECRET "\r\n",
	"\r\nAuthorization: Basic " KEY "\r\n",
	"\r\nX-Api-Key: " KEY "\r\n",
	" " RESPONSE " ",
	" " FUZZ_FLOW " ",
	" ",                             /* tab and line ends: themselves */
	" ",
	" " SECRET " ",
	" " PASSWORD " ",
	" ",
	" " CNONCE " ",
	" " KEY " ",
};

static struct {
	char p[MASK_VALUE_MAX];
	size_t l;
} learnedv[64];
static unsigned learnedc;


static void found_handler(const char *p, size_t l, void *arg)
{
	(void)arg;
	assert(l >= MASK_VALUE_MIN && l <= MASK_VALUE_MAX);
	if (learnedc == 64)
		return;

	memcpy(learnedv[learnedc].p, p, l);
	learnedv[learnedc++].l = l;
}


static size_t make(char *dst, const uint8_t *p, size_t len)
{
	static uint8_t src[TEXT_MAX];
	const size_t n = fuzz_expand(src, sizeof(src), p, len);
	size_t out = 0;

	/* one that stands there without its name is nobody's */
	for (size_t i = 0; i + strlen(NONCE) <= n; i++)
		if (!strncasecmp((char *)src + i, NONCE, strlen(NONCE)))
			return 0;

	for (size_t i = 0; i < n; i++) {
		const char *piece = src[i] < 16 && src[i] != '\t' &&
			src[i] != '\r' && src[i] != '\n' ? piecev[src[i]]
							 : NULL;
		const size_t l = piece ? strlen(piece) : 1;

		if (l > TEXT_MAX - out)
			break;
		memcpy(dst + out, piece ? piece : (const char *)&src[i], l);
		out += l;
	}

	return out;
}


static void hide(char *text, size_t len)
{
	struct mask m = {.valuec = 0};

	learnedc = 0;
	mask_places(text, len, found_handler, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(hiddenv); i++)
		if (strcmp(hiddenv[i], NONCE))   /* by its place alone */
			mask_add(&m, hiddenv[i], strlen(hiddenv[i]));
	for (unsigned i = 0; i < learnedc; i++)
		mask_add(&m, learnedv[i].p, learnedv[i].l);
	mask_values(text, len, &m);
}


static void check_hidden(const char *text, size_t len)
{
	static char low[TEXT_MAX];

	for (size_t i = 0; i < len; i++)
		low[i] = (char)tolower((unsigned char)text[i]);
	for (size_t i = 0; i < ARRAY_SIZE(hiddenv); i++)
		assert(!memmem(low, len, hiddenv[i], strlen(hiddenv[i])));
}


static void check(const char *before, const char *after, size_t len)
{
	check_hidden(after, len);

	for (size_t i = 0; i < len; i++)
		assert(after[i] == before[i] ||
		       (after[i] == MASK_CHAR && !memchr("\r\n\t ", before[i],
							4)));
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
	static char before[TEXT_MAX];
	const size_t n = make(before, buf, len);
	char *after = malloc(n ? n : 1);

	if (!after)
		abort();

	/* of its size, for the checkers */
	memcpy(after, before, n);
	hide(after, n);
	check(before, after, n);

	/* and twice is as once */
	memcpy(before, after, n);
	hide(after, n);
	check(before, after, n);
	free(after);

	return 0;
}
