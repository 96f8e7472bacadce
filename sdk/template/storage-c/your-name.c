/* Keeps the state in memory, ordered by key, and as a whole in one file: each
 * batch makes a copy of the map that it changes, writes that beside the file,
 * and renames it over the file. So a batch is there or is not, whatever comes
 * between. It costs as much as there is of the state; yours would write down no
 * more than what has changed.
 *
 * Records are never changed, and belong to both maps until the batch is over. */
#include <fcntl.h>
#include <unistd.h>

#include <haft/sdk.h>
#include <haft/storage.h>

struct record {
    uint64_t version;
    struct haft_slice key; /* both lie behind the struct */
    struct haft_slice value;
    uint64_t batch; /* that made it; 0: from the file */
    int is_gone;    /* from the copy */
};

struct map {
    struct record **records; /* owned, and what they point at */
    uint32_t count;
};

struct storage {
    struct haft_base base; /* first: what the host sees */
    char path[4000];
    int is_read;
    uint64_t last; /* batch */
    uint64_t size; /* of the file */
    struct map map;
};

/* ---- the map ---- */

static struct record *record_create(uint64_t key_size, uint64_t value_size)
{
    struct record *r = calloc(1, sizeof(*r) + key_size + value_size);
    char *room = (char *)(r + 1);
    if (r) {
        r->key = haft_bytes(room, key_size);
        r->value = haft_bytes(room + key_size, value_size);
    }
    return r;
}

static void fill(struct haft_slice to, struct haft_slice from)
{
    if (from.n > 0) {
        memcpy((void *)to.p, from.p, from.n);
    }
}

static int compare(struct haft_slice a, struct haft_slice b)
{
    uint64_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

/* The place of the first record that is not before the key. */
static uint32_t seek(const struct map *map, struct haft_slice key)
{
    uint32_t low = 0;
    uint32_t high = map->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare(map->records[middle]->key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int has(const struct map *map, uint32_t at, struct haft_slice key)
{
    return at < map->count && haft_slice_equal(map->records[at]->key, key);
}

static void map_free(struct map *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        free(map->records[i]);
    }
    free(map->records);
}

/* ---- the file: last and count, then each record ---- */

static int put(FILE *file, const void *p, uint64_t n)
{
    return n == 0 || fwrite(p, n, 1, file) == 1;
}

static int put_map(FILE *file, const struct map *map, uint64_t last)
{
    uint64_t head[] = {last, map->count};
    int is_good = put(file, head, sizeof(head));
    for (uint32_t i = 0; is_good && i < map->count; i++) {
        const struct record *r = map->records[i];
        uint64_t sizes[] = {r->version, r->key.n, r->value.n};
        is_good = put(file, sizes, sizeof(sizes)) &&
                  put(file, r->key.p, r->key.n) &&
                  put(file, r->value.p, r->value.n);
    }
    return is_good && fflush(file) == 0 && fsync(fileno(file)) == 0;
}

/* A name is safe once its folder is. */
static int sync_folder(const char *path)
{
    char folder[4000];
    int fd;
    int is_good;
    snprintf(folder, sizeof(folder), "%s", path);
    *(strrchr(folder, '/') + 1) = '\0'; /* a path is absolute */
    fd = open(folder, O_RDONLY | O_DIRECTORY);
    is_good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_good;
}

static haft_status write_map(struct storage *s, const struct haft_call *call,
                             const struct map *map, uint64_t last)
{
    struct haft_fault fault = haft_fault_of(HAFT_RESOURCE, "your_name.write",
                                            "cannot write the file");
    char path[4096];
    FILE *file;
    int is_good;
    snprintf(path, sizeof(path), "%s.new", s->path);
    file = fopen(path, "w");
    is_good = file && put_map(file, map, last);
    s->size = file && is_good ? (uint64_t)ftell(file) : s->size;
    if (file && fclose(file) != 0) {
        is_good = 0;
    }
    if (!is_good || rename(path, s->path) != 0) {
        fault.effect = HAFT_EFFECT_NOT_STARTED;
        return haft_fail_with(s->base.host, call, &fault);
    }
    if (!sync_folder(s->path)) {
        s->is_read = 0; /* whether it is there is for the file to say */
        return haft_fail_with(s->base.host, call, &fault);
    }
    return HAFT_OK;
}

static int get(FILE *file, void *p, uint64_t n)
{
    return n == 0 || fread(p, n, 1, file) == 1;
}

static struct record *get_record(FILE *file)
{
    uint64_t sizes[3];
    struct record *r;
    if (!get(file, sizes, sizeof(sizes)) || sizes[1] > HAFT_STORAGE_KEY_LIMIT ||
        sizes[2] > HAFT_STORAGE_VALUE_LIMIT) {
        return NULL;
    }
    r = record_create(sizes[1], sizes[2]);
    if (r && get(file, (void *)r->key.p, r->key.n + r->value.n)) {
        r->version = sizes[0];
        return r;
    }
    free(r);
    return NULL;
}

static int get_map(FILE *file, struct map *map, uint64_t *last)
{
    uint64_t head[2];
    if (!get(file, head, sizeof(head)) || head[1] >= UINT32_MAX) {
        return 0;
    }
    *last = head[0];
    map->records = calloc(head[1] + 1, sizeof(map->records[0]));
    while (map->records && map->count < head[1]) {
        map->records[map->count] = get_record(file);
        if (!map->records[map->count]) {
            return 0;
        }
        map->count++;
    }
    return map->records != NULL;
}

/* Before the first answer, and where it is not known what the file has. */
static haft_status read_map(struct storage *s, const struct haft_call *call)
{
    struct map map = {NULL, 0};
    uint64_t last = 0;
    FILE *file;
    int is_good;
    if (s->is_read) {
        return HAFT_OK;
    }
    file = fopen(s->path, "r");
    is_good = file ? get_map(file, &map, &last) : errno == ENOENT;
    if (file) {
        fclose(file);
    }
    if (!is_good) {
        map_free(&map);
        return haft_fail(s->base.host, call, HAFT_CORRUPT, "your_name.read",
                         "cannot read %s", s->path);
    }
    map_free(&s->map);
    s->map = map;
    s->last = last;
    s->is_read = 1;
    return HAFT_OK;
}

/* ---- batches ---- */

/* A record leaves the copy: it is over if the same batch had made it, and may
 * be wanted again if not. */
static void drop(struct record *r, uint64_t batch)
{
    if (r->batch == batch) {
        free(r);
    } else {
        r->is_gone = 1;
    }
}

static haft_status apply(struct map *map, const struct haft_storage_op *op,
                         uint64_t batch)
{
    uint32_t at = seek(map, op->key);
    int is_there = has(map, at, op->key);
    struct record **place = &map->records[at];
    struct record *r;
    if (op->key.n == 0 || op->key.n > HAFT_STORAGE_KEY_LIMIT ||
        op->value.n > HAFT_STORAGE_VALUE_LIMIT || op->op < HAFT_STORAGE_PUT ||
        op->op > HAFT_STORAGE_CHECK || op->guard > HAFT_STORAGE_EQUAL) {
        return -HAFT_INVALID;
    }
    if ((op->guard == HAFT_STORAGE_ABSENT && is_there) ||
        (op->guard == HAFT_STORAGE_EQUAL &&
         (!is_there || (*place)->version != op->expected))) {
        return -HAFT_CONFLICT;
    }
    if (op->op == HAFT_STORAGE_PUT) {
        r = record_create(op->key.n, op->value.n);
        if (!r) {
            return -HAFT_RESOURCE;
        }
        r->version = op->version;
        r->batch = batch;
        fill(r->key, op->key);
        fill(r->value, op->value);
        if (is_there) {
            drop(*place, batch);
        } else {
            memmove(place + 1, place, (map->count++ - at) * sizeof(*place));
        }
        *place = r;
    } else if (op->op == HAFT_STORAGE_DELETE && is_there) {
        drop(*place, batch);
        memmove(place, place + 1, (--map->count - at) * sizeof(*place));
    }
    return HAFT_OK;
}

/* The copy takes the map's place, or what is new in it is forgotten. */
static void decide(struct storage *s, struct map *copy, uint64_t batch,
                   int is_good)
{
    const struct map *old = is_good ? &s->map : copy;
    for (uint32_t i = 0; i < old->count; i++) {
        struct record *r = old->records[i];
        if (is_good ? r->is_gone : r->batch == batch) {
            free(r);
        }
    }
    for (uint32_t i = 0; !is_good && i < s->map.count; i++) {
        s->map.records[i]->is_gone = 0;
    }
    free(old->records);
    if (is_good) {
        s->map = *copy;
        s->last = batch;
    }
}

static haft_status commit(struct storage *s, const struct haft_call *call,
                          const struct haft_storage_commit_in *in, void *out)
{
    struct haft_fault fault =
        haft_fault_of(0, "your_name.batch", "the batch cannot be applied");
    haft_status status = read_map(s, call);
    struct map copy = {NULL, s->map.count};
    (void)out;
    if (status != HAFT_OK || in->batch <= s->last) {
        return status;
    }
    copy.records = calloc((size_t)s->map.count + in->ops.count + 1,
                          sizeof(copy.records[0]));
    if (!copy.records) {
        return -HAFT_RESOURCE;
    }
    if (s->map.count > 0) {
        memcpy(copy.records, s->map.records,
               s->map.count * sizeof(copy.records[0]));
    }
    status = in->batch == s->last + 1 ? HAFT_OK : -HAFT_INVALID;
    for (uint32_t i = 0; status == HAFT_OK && i < in->ops.count; i++) {
        status = apply(&copy, haft_item(in->ops, i), in->batch);
    }
    if (status != HAFT_OK) {
        fault.fault_class = (uint32_t)-status;
        fault.effect = HAFT_EFFECT_NOT_STARTED;
        haft_fail_with(s->base.host, call, &fault);
    } else {
        status = write_map(s, call, &copy, in->batch);
    }
    decide(s, &copy, in->batch, status == HAFT_OK);
    return status;
}
HAFT_METHOD(commit, struct storage, struct haft_storage_commit_in, void);

/* ---- reading ---- */

static haft_status last(struct storage *s, const struct haft_call *call,
                        const struct haft_storage_last_in *in,
                        struct haft_storage_last_out *out)
{
    haft_status status = read_map(s, call);
    (void)in;
    out->batch = s->last;
    out->size_bytes = s->size;
    return status;
}
HAFT_METHOD(last, struct storage, struct haft_storage_last_in,
            struct haft_storage_last_out);

/* A copy that the host frees once it has read the answer. */
static int keep(struct storage *s, const struct haft_call *call,
                struct haft_slice from, struct haft_slice *to)
{
    const struct haft_host *host = s->base.host;
    *to = haft_bytes(
        from.n > 0 ? host->alloc(host->self, call->id, from.n) : NULL, from.n);
    if (from.n > 0 && !to->p) {
        return 0;
    }
    fill(*to, from);
    return 1;
}

static haft_status find(struct storage *s, const struct haft_call *call,
                        const struct haft_storage_get_in *in,
                        struct haft_storage_get_out *out)
{
    haft_status status = read_map(s, call);
    uint32_t at = seek(&s->map, in->key);
    if (status == HAFT_OK && has(&s->map, at, in->key)) {
        const struct record *r = s->map.records[at];
        out->is_found = 1;
        out->version = r->version;
        status =
            keep(s, call, r->value, &out->value) ? HAFT_OK : -HAFT_RESOURCE;
    }
    return status;
}
HAFT_METHOD(find, struct storage, struct haft_storage_get_in,
            struct haft_storage_get_out);

/* The first and the one behind the last of a scan's records, in the map. */
static void range_of(const struct map *map,
                     const struct haft_storage_scan_in *in, uint32_t *begin,
                     uint32_t *end)
{
    uint32_t at = seek(map, in->after);
    *begin = *end = seek(map, in->prefix);
    while (*end < map->count && map->records[*end]->key.n >= in->prefix.n &&
           (in->prefix.n == 0 || memcmp(map->records[*end]->key.p, in->prefix.p,
                                        in->prefix.n) == 0)) {
        ++*end;
    }
    if (in->after.n > 0 && in->flags & HAFT_STORAGE_REVERSE) {
        *end = *end < at ? *end : at;
    } else if (in->after.n > 0) {
        at += (uint32_t)has(map, at, in->after);
        *begin = *begin > at ? *begin : at;
    }
    *end = *end < *begin ? *begin : *end;
}

static haft_status scan(struct storage *s, const struct haft_call *call,
                        const struct haft_storage_scan_in *in,
                        struct haft_storage_scan_out *out)
{
    const struct haft_host *host = s->base.host;
    uint64_t limit = in->limit_bytes > 0 ? in->limit_bytes : 4u << 20;
    uint32_t most = in->limit > 0 ? in->limit : 1000;
    haft_status status = read_map(s, call);
    struct haft_storage_record *records;
    uint64_t bytes = 0;
    uint32_t begin;
    uint32_t end;
    uint32_t n = 0;
    range_of(&s->map, in, &begin, &end);
    most = most < end - begin ? most : end - begin;
    if (status != HAFT_OK || most == 0) {
        return status;
    }
    records = host->alloc(host->self, call->id, most * sizeof(*records));
    while (records && n < most && bytes < limit) {
        uint32_t at =
            in->flags & HAFT_STORAGE_REVERSE ? end - 1 - n : begin + n;
        struct record r = *s->map.records[at];
        r.value.n = in->flags & HAFT_STORAGE_KEYS_ONLY ? 0 : r.value.n;
        records[n].version = r.version;
        if (!keep(s, call, r.key, &records[n].key) ||
            !keep(s, call, r.value, &records[n].value)) {
            return -HAFT_RESOURCE;
        }
        bytes += r.key.n + r.value.n;
        n++;
    }
    out->has_more = n < end - begin;
    out->records = haft_items(records, n, sizeof(*records));
    return records ? HAFT_OK : -HAFT_RESOURCE;
}
HAFT_METHOD(scan, struct storage, struct haft_storage_scan_in,
            struct haft_storage_scan_out);
static const haft_method methods[] = {commit_method, last_method, find_method,
                                      scan_method};

/* ---- the instance ---- */

static void destroy(struct haft_instance *instance)
{
    struct storage *s = (struct storage *)instance;
    map_free(&s->map);
    free(s);
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct storage *s = haft_base_create(sizeof(*s), host, destroy);
    struct haft_slice path = haft_option_text(with, "file");
    if (!s) {
        return -HAFT_RESOURCE;
    }
    if (path.n >= sizeof(s->path)) {
        free(s);
        return haft_fail(host, NULL, HAFT_INVALID, "your_name.file",
                         "option file: too long");
    }
    snprintf(s->path, sizeof(s->path), "%.*s", (int)path.n,
             (const char *)path.p);
    haft_base_offer(&s->base, &haft_storage_v1, methods);
    return haft_base_give(&s->base, out);
}
HAFT_MODULE_OF_ONE(storage_your_name, "1.0.0", HAFT_STORAGE_V1, "yourname",
                   create, "your-name.json");
