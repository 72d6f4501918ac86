/* The steps of a registration: waits, the way to a flow, the turn, the round.
 * For the reg_*.c files alone; everybody else includes reg.h. */

#ifndef REG_STEP_H
#define REG_STEP_H

#include "reg.h"


/* The one writer of the state. */
void reg_set(struct reg *r, enum reg_state state, msec_t deadline);

/* One more failure in a row: REG_WAIT for a back-off from `base` on, of at
 * most `max`. */
void reg_wait(struct reg *r, msec_t base, msec_t max, msec_t now);

/* The longest wait after a flow was lost, or could not be had, for that. */
msec_t reg_wait_max(enum reason reason);

/* The operator's word: what went wrong before does not count any more. */
void reg_forgive(struct reg *r);

/* REG_WAIT for a moment; false: that was the case only just now. */
bool reg_at_once(struct reg *r, msec_t now);

/* The same, or the wait is cut to when it is allowed again. */
void reg_hurry(struct reg *r, msec_t now);

/* The flow broke. */
unsigned reg_lost(struct reg *r, enum reason reason, msec_t now);

/* A new flow is wanted; the next address of the name; the turn to REGISTER. */
unsigned reg_seek(struct reg *r, msec_t now);
unsigned reg_connect(struct reg *r, msec_t now);
unsigned reg_want_turn(struct reg *r, msec_t now);

/* For a minute nobody was there: a round of our own accord begins
 * (reg_connect.c). */
unsigned reg_ask_again(struct reg *r, msec_t now);

/* What answers had used up is theirs again. */
void reg_new_round(struct reg *r);

/* REGISTER of our own accord, over this flow or a new one. */
unsigned reg_begin_round(struct reg *r, msec_t now);

/* One more send that only an answer causes; false: there were enough. */
bool reg_answer_send(struct reg *r);

/* At the start of a wait: REG_DO_CLOSE, unless the flow serves a binding. */
unsigned reg_keep_or_close(struct reg *r, msec_t now);

/* --- reg_leave.c --- */

/* Off, and nothing is open. */
unsigned reg_left(struct reg *r, msec_t now);
/* An answer to the un-REGISTER; to a REGISTER in flight at the stop. */
unsigned reg_left_answer(struct reg *r, const struct answer *a, msec_t now);
unsigned reg_stopped_answer(struct reg *r, const struct answer *a,
			    msec_t now);

/* --- reg_replace.c --- */

/* Keeps the flow beside the way to a new one. */
unsigned reg_set_aside(struct reg *r, msec_t now);

/* The end of every fact: what becomes of the elder now? */
unsigned reg_settle(struct reg *r, unsigned acts, msec_t now);

/* The flow is gone or wanted no more: so is the doubt about it. */
void reg_end_doubt(struct reg *r);

/* Before the un-REGISTER: over which flow? */
unsigned reg_take_back(struct reg *r);

/* The elder is the flow again, as if there had been no successor. */
unsigned reg_go_on_with_elder(struct reg *r, msec_t now);

/* --- reg_failback.c --- */

/* Bound over a flow: will better edges be tried, and when? */
void reg_failback_arm(struct reg *r, msec_t now);

/* Its time has come. */
unsigned reg_failback_due(struct reg *r, msec_t now);

/* When it has come, or the try takes too long; NEVER. */
msec_t reg_failback_deadline(const struct reg *r);

/* The elder serves no more: what was a try is what there is, and any edge will
 * do. */
unsigned reg_failback_end(struct reg *r, msec_t now);

/* It came to nothing, as the state shows, or took too long: back to the elder,
 * of which nothing but the time that was lost is different. */
unsigned reg_failback_settle(struct reg *r, unsigned acts, msec_t now);

/* --- reg_fetch.c --- */

/* An answer to a fetch, or none (a->code 0). */
unsigned reg_fetched(struct reg *r, const struct answer *a, msec_t now);

/* The refresh is due. Where a binding of our instance replaces another one, two
 * machines with one state directory take it from each other, and the answer to
 * a refresh never shows it: what is there before one does. */
bool reg_looks(const struct reg *r, msec_t now);
unsigned reg_look(struct reg *r, msec_t now);

/* BOUND again, and somebody has asked for the list. */
unsigned reg_fetch_now(struct reg *r, msec_t now);

/* --- reg_answer.c --- */

unsigned reg_conclude(struct reg *r, const struct answer *a, msec_t now);

/* Timer F, or the abandoning of a silent edge. */
unsigned reg_no_answer(struct reg *r, msec_t now);

/* `acts`, and the REGISTER that was asked for while one was in flight. */
unsigned reg_once_more(struct reg *r, unsigned acts, msec_t now);

#endif
