#include <stdarg.h>
#include <string.h>

#include <yaml.h>

#include "host/flow/document_build.h"
#include "host/plain/mem.h"

/* An anchor, and the nodes that it names. */
struct anchor {
    char *name;
    uint32_t node;
    uint32_t end;    /* DOCUMENT_NONE while its list or map is open */
    uint32_t height; /* levels, 0 for a text */
};

struct reader {
    struct document_build *build;
    yaml_parser_t parser;
    struct anchor anchors[DOCUMENT_ANCHORS_LIMIT];
    size_t anchors_count;
    size_t aliases_count;
    uint32_t copies_count;
    size_t documents_count;
};

static uint32_t place(const yaml_mark_t *mark)
{
    return (uint32_t)mark->index;
}

__attribute__((format(printf, 3, 4))) static bool
refuse(struct reader *r, const yaml_mark_t *mark, const char *format, ...)
{
    struct str what;
    va_list args;

    str_init(&what, STR_WHY_LIMIT);
    va_start(args, format);
    str_addv(&what, format, args);
    va_end(args);
    problems_add(r->build->problems, place(mark), "%s", what.text);
    str_finish(&what);
    return false;
}

/* ---- anchors and aliases ---- */

static bool add_anchor(struct reader *r, const yaml_event_t *event,
                       const yaml_char_t *name, uint32_t node)
{
    struct document *d = r->build->document;
    struct anchor *anchor = &r->anchors[r->anchors_count];

    if (!name) {
        return true;
    }
    if (r->anchors_count == DOCUMENT_ANCHORS_LIMIT) {
        return refuse(r, &event->start_mark, "more than %d anchors",
                      DOCUMENT_ANCHORS_LIMIT);
    }
    anchor->name = mem_text(name, strlen((const char *)name));
    anchor->node = node;
    anchor->height = 0;
    anchor->end =
        d->nodes[node].kind < DOCUMENT_LIST ? node + 1 : DOCUMENT_NONE;
    r->anchors_count++;
    return true;
}

static bool close_node(struct reader *r)
{
    struct document_build *b = r->build;
    uint32_t node = b->levels[b->depth - 1].node;
    uint32_t height = b->levels[b->depth - 1].height + 1;

    for (size_t i = 0; i < r->anchors_count; i++) {
        if (r->anchors[i].node == node) {
            r->anchors[i].end = b->document->nodes_count;
            r->anchors[i].height = height;
        }
    }
    return document_build_close(b);
}

static bool read_alias(struct reader *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *anchor = NULL;

    if (document_build_wants_key(r->build)) {
        return refuse(r, &event->start_mark, "a key is a text, not an alias");
    }
    for (size_t i = r->anchors_count; i > 0 && !anchor; i--) {
        if (strcmp(r->anchors[i - 1].name, name) == 0) {
            anchor = &r->anchors[i - 1];
        }
    }
    if (!anchor) {
        return refuse(r, &event->start_mark, "no anchor &%s stands before this",
                      name);
    }
    if (anchor->end == DOCUMENT_NONE) {
        return refuse(r, &event->start_mark, "*%s would contain itself", name);
    }
    if (++r->aliases_count > DOCUMENT_ALIASES_LIMIT) {
        return refuse(r, &event->start_mark, "more than %d aliases",
                      DOCUMENT_ALIASES_LIMIT);
    }
    r->copies_count += anchor->end - anchor->node;
    if (r->copies_count > DOCUMENT_COPIES_LIMIT) {
        return refuse(r, &event->start_mark,
                      "the aliases stand for more than %u values",
                      DOCUMENT_COPIES_LIMIT);
    }
    return document_build_copy(r->build, anchor->node, anchor->end,
                               anchor->height);
}

/* ---- events ---- */

static bool read_key(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;

    if (event->data.scalar.anchor) {
        return refuse(r, &event->start_mark, "a key takes no anchor");
    }
    if (size == 2 && memcmp(text, "<<", 2) == 0 &&
        event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        problems_add(r->build->problems, place(&event->start_mark),
                     "<<: merge keys are not part of YAML 1.2; what tasks "
                     "share goes under `defaults`");
    }
    return document_build_key(r->build, text, size, place(&event->start_mark));
}

static bool read_scalar(struct reader *r, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    uint32_t at = place(&event->start_mark);
    uint32_t node;

    if (event->data.scalar.tag) {
        return refuse(r, &event->start_mark,
                      "tags such as %s are not used here; quotes make a text",
                      (const char *)event->data.scalar.tag);
    }
    if (document_build_wants_key(r->build)) {
        return read_key(r, event);
    }
    node = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
               ? document_build_plain(r->build, text, size, at)
               : document_build_text(r->build, text, size, at);
    return node != DOCUMENT_NONE &&
           add_anchor(r, event, event->data.scalar.anchor, node);
}

static bool open_node(struct reader *r, const yaml_event_t *event,
                      enum document_kind kind)
{
    bool is_map = kind == DOCUMENT_MAP;
    const yaml_char_t *tag =
        is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *anchor = is_map ? event->data.mapping_start.anchor
                                       : event->data.sequence_start.anchor;
    uint32_t node;

    if (tag) {
        return refuse(r, &event->start_mark,
                      "tags such as %s are not used here", (const char *)tag);
    }
    if (document_build_wants_key(r->build)) {
        return refuse(r, &event->start_mark,
                      "a key is a text, not a list or a map; a text that "
                      "begins with { or [ needs quotes");
    }
    node = document_build_open(r->build, kind, place(&event->start_mark));
    return node != DOCUMENT_NONE && add_anchor(r, event, anchor, node);
}

static bool begin(struct reader *r, const yaml_event_t *event)
{
    const yaml_version_directive_t *version =
        event->data.document_start.version_directive;

    if (r->documents_count++) {
        return refuse(r, &event->start_mark,
                      "a second document begins here; a file has one");
    }
    if (version && (version->major != 1 || version->minor != 2)) {
        return refuse(r, &event->start_mark, "this is read as YAML 1.2");
    }
    return true;
}

static bool read_event(struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return begin(r, event);
    case YAML_ALIAS_EVENT:
        return read_alias(r, event);
    case YAML_SCALAR_EVENT:
        return read_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(r, event, DOCUMENT_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_node(r, event, DOCUMENT_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(r);
    default:
        return true;
    }
}

/* What libyaml says, in its words: they name the YAML construct. */
static void tell_error(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "this is not YAML";
    uint32_t at = p->error == YAML_READER_ERROR ? place(&p->mark)
                                                : place(&p->problem_mark);

    if (p->context) {
        problems_add(r->build->problems, at, "not YAML: %s, %s", problem,
                     p->context);
    } else {
        problems_add(r->build->problems, at, "not YAML: %s", problem);
    }
}

static bool read_events(struct reader *r)
{
    bool is_end = false;
    bool is_well = true;

    while (is_well && !is_end) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event)) {
            tell_error(r);
            return false;
        }
        is_well = read_event(r, &event);
        is_end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return is_well;
}

bool document_read_yaml(struct document_build *build, const char *text,
                        size_t size)
{
    struct reader r = {.build = build};
    bool is_well;

    if (!yaml_parser_initialize(&r.parser)) {
        problems_add(build->problems, 0, "no memory to read YAML");
        return false;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, size);
    is_well = read_events(&r);
    if (is_well && build->document->nodes_count == 0) {
        problems_add(build->problems, 0,
                     "the file is empty; the smallest workflow is\n"
                     "version: 1\ntasks: { hello: { run: echo hello } }");
        is_well = false;
    }
    for (size_t i = 0; i < r.anchors_count; i++) {
        mem_free(r.anchors[i].name);
    }
    yaml_parser_delete(&r.parser);
    return is_well;
}
