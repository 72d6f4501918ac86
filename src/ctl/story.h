/* Paragraphs with a label in front: how one thing is told at length. */

#ifndef STORY_H
#define STORY_H

#include "text.h"


void story_head(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "  LABEL         text ...", broken between words at the terminal's width (at
 * most 100 columns), never when it goes to a program. The text up to its
 * first space or punctuation gets the colour. */
void story_line(const char *label, enum colour colour, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A paragraph without a label, broken likewise. */
void story_text(const char *text);

#endif
