/* The template as it lies there; beside it nothing is built, since what is there
 * would be copied by haft plugin new. */
#include "sdk/template/storage-c/your-name.c"
