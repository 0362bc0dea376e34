/* What this room keeps of an open function: the script's variables, the record and the loop it is in. */
#ifndef BTRUN_CODEGEN_LOWER_STATE_H
#define BTRUN_CODEGEN_LOWER_STATE_H

#include "codegen/bpf/gen.h"

struct cse_load;

struct lower_state {
	const struct unit *unit;
	LLVMValueRef *variables;                 /* by variable.index: where it lives */
	LLVMBasicBlockRef loop_next, loop_after; /* of the loop that is open: where continue and break go */

	const struct record *open;      /* the record that is being made */
	LLVMValueRef record;            /* its bytes */
	LLVMBasicBlockRef after_record; /* where to go when there is no room for it */
	LLVMValueRef tail_used;         /* alloca: bytes of it in use, the tail included */

	VEC(struct cse_load *) cse_loads; /* see load_cse.c */
	bool keeps_reads;                 /* a predicate is being made, a part that is always evaluated */

	const struct node *copied; /* of portable_copy(): what is at copied_address; NULL: nothing */
	LLVMValueRef copied_address;
};

#endif
