#ifndef FLOOR_TRACE_H
#define FLOOR_TRACE_H

struct event {
	int which, who;
	char comm[16];
};

#endif
