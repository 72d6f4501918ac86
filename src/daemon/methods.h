/* The methods of the control socket's interface io.sipregd. */

#ifndef METHODS_H
#define METHODS_H

#include "control.h"

/* A table for control_alloc(), whose argument is the struct daemon. */
extern const struct control_method methods[];

#endif
