/* haft.auth/1: who asks. Several instances stack: the host asks them in order
 * until one knows the credential; if none does, nobody is let in. */
#ifndef HAFT_AUTH_H
#define HAFT_AUTH_H

#include <haft/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HAFT_AUTH_V1 "haft.auth/1"

/* Schemes of credentials, as text: where the door found it. */
#define HAFT_SCHEME_PEER "peer" /* a unix socket: uid, gid and pid are set */
#define HAFT_SCHEME_BEARER "bearer" /* `credential` is a token */

#define HAFT_AUTH_ABSTAIN 0 /* not mine: ask the next one */
#define HAFT_AUTH_KNOWN 1

struct haft_auth_authenticate_in {
    uint32_t size;
    uint32_t uid; /* of the peer, by the kernel's word */
    uint32_t gid;
    uint32_t pid;       /* for the log alone: never a ground for trust */
    uint32_t owner_uid; /* of the host's own process */
    uint32_t _0;
    struct haft_slice scheme;
    struct haft_slice credential; /* bytes; secret */
    struct haft_slice address;    /* where from, for the log */
};

struct haft_auth_authenticate_out {
    uint32_t size;
    uint32_t verdict;            /* HAFT_AUTH_* */
    struct haft_slice principal; /* "user:anna": stable, for audit */
    struct haft_array roles;     /* of struct haft_slice */
};

HAFT_TABLE struct haft_field haft_auth_authenticate_in_fields[] = {
    HAFT_ROW_SIZE(haft_auth_authenticate_in),
    HAFT_ROW_U32(haft_auth_authenticate_in, uid),
    HAFT_ROW_U32(haft_auth_authenticate_in, gid),
    HAFT_ROW_U32(haft_auth_authenticate_in, pid),
    HAFT_ROW_U32(haft_auth_authenticate_in, owner_uid),
    HAFT_ROW_PAD(haft_auth_authenticate_in, _0),
    HAFT_ROW_TEXT(haft_auth_authenticate_in, scheme),
    HAFT_ROW_BYTES(haft_auth_authenticate_in, credential),
    HAFT_ROW_TEXT(haft_auth_authenticate_in, address),
};
HAFT_RECORD(haft_auth_authenticate_in, 72);

HAFT_TABLE struct haft_field haft_auth_authenticate_out_fields[] = {
    HAFT_ROW_SIZE(haft_auth_authenticate_out),
    HAFT_ROW_U32(haft_auth_authenticate_out, verdict),
    HAFT_ROW_TEXT(haft_auth_authenticate_out, principal),
    HAFT_ROW_ARRAY(haft_auth_authenticate_out, roles, &haft_slice_record),
};
HAFT_RECORD(haft_auth_authenticate_out, 40);

/* authenticate: KNOWN with the principal, ABSTAIN, or -HAFT_UNAUTHENTICATED
 * for a credential that is this plugin's and is wrong, which ends the search.
 * Any other fault refuses too: a door that cannot tell stays shut.
 * [instance] */
#define HAFT_AUTH_AUTHENTICATE 0

HAFT_TABLE struct haft_signature haft_auth_v1_methods[] = {
    {"authenticate", HAFT_REPEAT, 0, &haft_auth_authenticate_in_record,
     &haft_auth_authenticate_out_record},
};
HAFT_INTERFACE(haft_auth_v1, HAFT_AUTH_V1);

#ifdef __cplusplus
}
#endif

#endif
