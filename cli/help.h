/* -h and -V, of btrun and of the stand-alone programs that it writes. */
#ifndef BTRUN_CLI_HELP_H
#define BTRUN_CLI_HELP_H

/* image: the program's own, or -1. 0, or negative errno and a message is printed. */
int help_print(int image, const char *name);
int help_version(int image);

#endif
