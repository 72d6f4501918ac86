/* A stream ends when the user says so (SIGINT, SIGTERM): that is no failure,
 * and nothing is left half written. */

#ifndef ENDING_H
#define ENDING_H

/* From here on either signal ends the program with exit status 0 ... */
void ending_allow(void);

/* ... but for what is done between these two. */
void ending_hold(void);
void ending_release(void);

#endif
