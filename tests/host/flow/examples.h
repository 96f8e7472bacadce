/* The examples of docs/workflow.md, for the tests that try them. */
#ifndef TESTS_HOST_FLOW_EXAMPLES_H
#define TESTS_HOST_FLOW_EXAMPLES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "host/flow/workflow.h"
#include "host/plain/mem.h"

/* A whole file; owned. */
static inline char *examples_file(const char *path)
{
    FILE *stream = fopen(path, "re");
    struct str text;
    char bytes[4096];
    size_t size;

    ck_assert_msg(stream != NULL, "%s cannot be opened", path);
    str_init(&text, (size_t)1 << 20);
    do {
        size = fread(bytes, 1, sizeof(bytes), stream);
        str_add(&text, bytes, size);
    } while (size);
    fclose(stream);
    return str_take(&text);
}

static inline char *examples_page(void)
{
    const char *tree = getenv("HAFT_SRCDIR");
    struct str path;
    char *page;

    str_init(&path, 4096);
    str_addf(&path, "%s/docs/workflow.md", tree ? tree : ".");
    page = examples_file(path.text);
    str_finish(&path);
    return page;
}

/* The next block of YAML after `*at`, as a workflow, which has to be one;
 * NULL when there is none left. */
static inline struct workflow *examples_next(const char *page, size_t *at)
{
    static const char begin[] = "\n```yaml\n";
    struct workflow_source source = {.file = "docs/workflow.md",
                                     .name = "example"};
    const char *start = strstr(page + *at, begin);
    struct workflow *w;
    const char *end;
    struct str why;

    if (!start) {
        return NULL;
    }
    start += strlen(begin);
    end = strstr(start, "\n```");
    ck_assert_ptr_nonnull(end);
    str_init(&why, 65536);
    w = workflow_read(start, (size_t)(end + 1 - start), &source, &why);
    ck_assert_msg(w != NULL, "%.*s\n%s", (int)(end - start), start, why.text);
    str_finish(&why);
    *at = (size_t)(end - page);
    return w;
}

#endif
