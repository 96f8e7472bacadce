/* auth/peer: who asks over a unix socket, by the kernel's word. The owner of
 * the host and root may do everything; anybody else only what the option
 * `allow` says, and nothing if it says nothing.
 *
 * Names of users and groups may come from a network directory, so this has a
 * thread of its own. They are looked up again at each question: a user who is
 * taken out of a group has lost its role at once. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>

#include <haft/auth.h>
#include <haft/sdk.h>

#define NAME_LIMIT 256
#define GROUPS_LIMIT 1024

/* One item of `allow`. */
struct grant {
    char *text; /* owned; the two below are parts of it */
    const char *who;
    const char *role;
    bool is_group;
};

struct peer {
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_object auth;
    const struct haft_object *objects[2];
    struct grant *grants;
    uint32_t grants_count;
};

/* Somebody, as the system knows them. */
struct person {
    uint32_t uid;
    char name[NAME_LIMIT]; /* "" if the uid has none */
    gid_t groups[GROUPS_LIMIT];
    int groups_count;
};

static void find_person(struct person *who, uint32_t uid, uint32_t gid)
{
    char room[16384];
    struct passwd entry;
    struct passwd *found = NULL;

    who->uid = uid;
    who->name[0] = '\0';
    who->groups[0] = gid;
    who->groups_count = 1;
    if (getpwuid_r(uid, &entry, room, sizeof(room), &found) != 0 || !found ||
        strlen(entry.pw_name) >= NAME_LIMIT) {
        return;
    }
    memcpy(who->name, entry.pw_name, strlen(entry.pw_name) + 1);
}

/* Groups are asked for only where a grant names one: that look-up is slow. */
static void find_groups(struct person *who, uint32_t gid)
{
    int count = GROUPS_LIMIT;

    if (who->name[0] == '\0') {
        return;
    }
    if (getgrouplist(who->name, gid, who->groups, &count) >= 0) {
        who->groups_count = count;
    } else { /* more than anybody should have: the socket's alone counts */
        who->groups[0] = gid;
    }
}

static bool is_in_group(const struct person *who, const char *group)
{
    char room[65536];
    struct group entry;
    struct group *found = NULL;

    if (getgrnam_r(group, &entry, room, sizeof(room), &found) != 0 || !found) {
        return false;
    }
    for (int i = 0; i < who->groups_count; i++) {
        if (who->groups[i] == entry.gr_gid) {
            return true;
        }
    }
    return false;
}

static bool is_person(const struct person *who, const char *name)
{
    char number[16];

    snprintf(number, sizeof(number), "%u", who->uid);
    return (who->name[0] != '\0' && strcmp(who->name, name) == 0) ||
           strcmp(number, name) == 0;
}

static bool has_groups(const struct peer *p)
{
    for (uint32_t i = 0; i < p->grants_count; i++) {
        if (p->grants[i].is_group) {
            return true;
        }
    }
    return false;
}

static bool has_role(const struct haft_slice *roles, uint32_t count,
                     const char *role)
{
    for (uint32_t i = 0; i < count; i++) {
        if (haft_slice_is(roles[i], role)) {
            return true;
        }
    }
    return false;
}

/* The roles of somebody who is neither owner nor root. */
static uint32_t find_roles(const struct peer *p, const struct person *who,
                           struct haft_slice *roles)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < p->grants_count; i++) {
        const struct grant *grant = &p->grants[i];
        bool fits = grant->is_group ? is_in_group(who, grant->who)
                                    : is_person(who, grant->who);

        if (fits && !has_role(roles, count, grant->role)) {
            roles[count++] = haft_text(grant->role);
        }
    }
    return count;
}

/* "user:anna", or "uid:1000" for one without a name: stable either way. */
static bool answer_principal(struct peer *p, const struct haft_call *call,
                             const struct person *who,
                             struct haft_auth_authenticate_out *out)
{
    char text[NAME_LIMIT + 8];
    char *room;
    int size = who->name[0] != '\0'
                   ? snprintf(text, sizeof(text), "user:%s", who->name)
                   : snprintf(text, sizeof(text), "uid:%u", who->uid);

    room = p->host->alloc(p->host->self, call->id, (uint64_t)size);
    if (!room) {
        return false;
    }
    memcpy(room, text, (size_t)size);
    out->principal = haft_bytes(room, (uint64_t)size);
    return true;
}

static haft_status authenticate(struct peer *p, const struct haft_call *call,
                                const struct haft_auth_authenticate_in *in,
                                struct haft_auth_authenticate_out *out)
{
    struct haft_slice *roles;
    struct person who;
    uint32_t count = 1;

    if (!haft_slice_is(in->scheme, HAFT_SCHEME_PEER)) {
        return HAFT_OK; /* abstains */
    }
    roles = p->host->alloc(p->host->self, call->id,
                           (p->grants_count + 1) * sizeof(*roles));
    if (!roles) {
        return -HAFT_RESOURCE;
    }
    find_person(&who, in->uid, in->gid);
    if (in->uid == in->owner_uid || in->uid == 0) {
        roles[0] = haft_text("admin");
    } else {
        if (has_groups(p)) {
            find_groups(&who, in->gid);
        }
        count = find_roles(p, &who, roles);
    }
    if (count == 0) {
        return HAFT_OK;
    }
    if (!answer_principal(p, call, &who, out)) {
        return -HAFT_RESOURCE;
    }
    out->verdict = HAFT_AUTH_KNOWN;
    out->roles = haft_items(roles, count, (uint32_t)sizeof(*roles));
    return HAFT_OK;
}
HAFT_METHOD(authenticate, struct peer, struct haft_auth_authenticate_in,
            struct haft_auth_authenticate_out);

static const haft_method auth_methods[] = {[HAFT_AUTH_AUTHENTICATE] =
                                               authenticate_method};

/* ---- the instance ---- */

static void destroy(struct haft_instance *instance)
{
    struct peer *p = (struct peer *)(void *)instance;

    for (uint32_t i = 0; i < p->grants_count; i++) {
        free(p->grants[i].text);
    }
    free(p->grants);
    free(p);
}

/* "anna:operator" or "@staff:viewer". */
static haft_status read_grant(struct peer *p, struct haft_slice item,
                              struct grant *grant)
{
    char *colon;

    grant->text = haft_copy_text(item);
    if (!grant->text) {
        return -HAFT_RESOURCE;
    }
    colon = strrchr(grant->text, ':');
    grant->is_group = grant->text[0] == '@';
    grant->who = grant->text + grant->is_group;
    if (!colon || colon <= grant->who || colon[1] == '\0' ||
        strlen(grant->text) != item.n) {
        return haft_fail(p->host, NULL, HAFT_INVALID, "peer.allow",
                         "option allow: \"%s\" is not like anna:operator or "
                         "@staff:viewer",
                         grant->text);
    }
    *colon = '\0';
    grant->role = colon + 1;
    return HAFT_OK;
}

static haft_status read_grants(struct peer *p, const struct haft_create *with)
{
    uint32_t count = haft_option_count(with, "allow");
    haft_status status = HAFT_OK;

    p->grants = calloc(count > 0 ? count : 1, sizeof(*p->grants));
    if (!p->grants) {
        return -HAFT_RESOURCE;
    }
    while (p->grants_count < count && status == HAFT_OK) {
        uint32_t i = p->grants_count++;

        status =
            read_grant(p, haft_option(with, "allow", i)->text, &p->grants[i]);
    }
    return status;
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct peer *p = calloc(1, sizeof(*p));
    haft_status status;

    if (!p) {
        return -HAFT_RESOURCE;
    }
    p->host = host;
    p->auth = (struct haft_object){sizeof(p->auth),
                                   sizeof(auth_methods) / sizeof(haft_method),
                                   &haft_auth_v1, auth_methods, p};
    p->objects[0] = &p->auth;
    p->instance =
        (struct haft_instance){sizeof(p->instance), 0, p->objects, destroy};
    status = read_grants(p, with);
    if (status != HAFT_OK) {
        destroy(&p->instance);
        return status;
    }
    *out = &p->instance;
    return HAFT_OK;
}

static const struct haft_class peer_class = {sizeof(struct haft_class), 0,
                                             "haft.auth/1", "peer", create};
static const struct haft_class *const classes[] = {&peer_class, NULL};

HAFT_MODULE(auth_peer, "0.1.0", classes, "plugins/auth/peer/manifest.json");
