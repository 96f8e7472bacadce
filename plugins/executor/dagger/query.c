#include "plugins/executor/dagger/query.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include <haft/sdk.h>

struct query {
    char *image;
    char *workdir; /* or NULL: the image's */
    cJSON *argv;   /* of texts */
    cJSON *env;    /* of texts: name, value, name, value ... */
};

/* ---- the job ---- */

static bool add_text(cJSON *list, struct haft_slice text)
{
    char *copy = haft_copy_text(text);
    cJSON *item = copy ? cJSON_CreateString(copy) : NULL;
    bool is_added = item && cJSON_AddItemToArray(list, item);

    if (item && !is_added) {
        cJSON_Delete(item);
    }
    free(copy);
    return is_added;
}

static bool copy_lists(struct query *q, const struct haft_executor_start_in *in)
{
    bool is_whole = q->argv && q->env;

    for (uint32_t i = 0; is_whole && i < in->argv.count; i++) {
        is_whole = add_text(q->argv,
                            *(const struct haft_slice *)haft_item(in->argv, i));
    }
    for (uint32_t i = 0; is_whole && i < in->env.count; i++) {
        const struct haft_pair *pair = haft_item(in->env, i);

        is_whole =
            add_text(q->env, pair->name) && add_text(q->env, pair->value);
    }
    return is_whole;
}

struct query *query_create(const struct haft_executor_start_in *in)
{
    struct query *q = calloc(1, sizeof(*q));

    if (!q) {
        return NULL;
    }
    q->argv = cJSON_CreateArray();
    q->env = cJSON_CreateArray();
    q->image = haft_copy_text(in->image);
    q->workdir = in->workdir.n ? haft_copy_text(in->workdir) : NULL;
    if (!copy_lists(q, in) || !q->image || (in->workdir.n && !q->workdir)) {
        query_destroy(q);
        return NULL;
    }
    return q;
}

void query_destroy(struct query *q)
{
    if (q) {
        cJSON_Delete(q->argv);
        cJSON_Delete(q->env);
        free(q->image);
        free(q->workdir);
        free(q);
    }
}

const char *query_rootfs(const struct query *q)
{
    size_t n = strlen(QUERY_ROOTFS);

    return strncmp(q->image, QUERY_ROOTFS, n) == 0 ? q->image + n : NULL;
}

/* ---- bodies ---- */

/* {"query": ..., "variables": ...}; takes `variables`. */
static char *body_of(const char *document, cJSON *variables)
{
    cJSON *body = cJSON_CreateObject();
    char *text = NULL;

    if (variables && cJSON_AddStringToObject(body, "query", document) &&
        cJSON_AddItemToObject(body, "variables", variables)) {
        text = cJSON_PrintUnformatted(body);
    } else {
        cJSON_Delete(variables);
    }
    cJSON_Delete(body);
    return text;
}

char *query_version(void)
{
    return body_of("{version}", cJSON_CreateObject());
}

/* Afresh each time: a session remembers a folder as it was first seen. */
char *query_directory(const struct query *q)
{
    cJSON *variables = cJSON_CreateObject();

    cJSON_AddStringToObject(variables, "p", query_rootfs(q));
    return body_of("query($p:String!){host{directory(path:$p,noCache:true)"
                   "{id}}}",
                   variables);
}

/* Every environment variable is a link of the chain, whose name and value are
 * the variables n0 and v0, n1 and v1 ... */
static void write_exec(FILE *f, const struct query *q, const char *base,
                       const char *type)
{
    int count = cJSON_GetArraySize(q->env) / 2;
    int depth = count + (q->workdir != NULL);

    fprintf(f, "query($i:%s,$a:[String!]!", type);
    fputs(q->workdir ? ",$w:String!" : "", f);
    for (int i = 0; i < count; i++) {
        fprintf(f, ",$n%d:String!,$v%d:String!", i, i);
    }
    fprintf(f, "){container{%s{", base);
    for (int i = 0; i < count; i++) {
        fprintf(f, "withEnvVariable(name:$n%d,value:$v%d){", i, i);
    }
    fputs(q->workdir ? "withWorkdir(path:$w){" : "", f);
    fputs("withExec(args:$a,expect:ANY){exitCode stdout stderr}", f);
    for (int i = 0; i < depth + 3; i++) {
        fputc('}', f);
    }
}

static cJSON *exec_variables(const struct query *q, const char *image)
{
    cJSON *variables = cJSON_CreateObject();
    cJSON *item;
    int i = 0;

    cJSON_AddStringToObject(variables, "i", image);
    cJSON_AddItemToObject(variables, "a", cJSON_Duplicate(q->argv, true));
    if (q->workdir) {
        cJSON_AddStringToObject(variables, "w", q->workdir);
    }
    cJSON_ArrayForEach(item, q->env)
    {
        char name[16];

        snprintf(name, sizeof(name), "%c%d", i % 2 ? 'v' : 'n', i / 2);
        cJSON_AddStringToObject(variables, name, item->valuestring);
        i++;
    }
    return variables;
}

char *query_exec(const struct query *q, const struct dialect *dialect,
                 const char *directory)
{
    char *document = NULL;
    char *body = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&document, &size);

    if (!f) {
        return NULL;
    }
    write_exec(f, q,
               directory ? "withRootfs(directory:$i)" : "from(address:$i)",
               directory ? dialect->directory_id : "String!");
    if (fclose(f) == 0) {
        body = body_of(document,
                       exec_variables(q, directory ? directory : q->image));
    }
    free(document);
    return body;
}
