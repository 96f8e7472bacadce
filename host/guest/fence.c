#include "host/guest/fence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/plain/mem.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *const fence_names[FENCES] = {"no_new_privs", "seccomp", "landlock"};

/* ---- system calls ---- */

#if defined(__x86_64__)
#    define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#    define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* The leak checker of this build looks into its own process in that way. */
#if defined(__SANITIZE_ADDRESS__)
#    define IS_TRACED_BY_ITSELF 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define IS_TRACED_BY_ITSELF 1
#    endif
#endif

/* Into other processes, then into the kernel. Mounting is a matter for helpers
 * that the host starts. */
static const int refused[] = {
#ifndef IS_TRACED_BY_ITSELF
    SYS_ptrace,
#endif
    SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_pidfd_getfd,      SYS_kcmp,
    SYS_kexec_load,       SYS_kexec_file_load,
    SYS_init_module,      SYS_finit_module,
    SYS_delete_module,    SYS_bpf,
    SYS_perf_event_open,  SYS_userfaultfd,
    SYS_keyctl,           SYS_add_key,
    SYS_request_key,      SYS_mount,
    SYS_umount2,          SYS_pivot_root,
    SYS_move_mount,       SYS_open_tree,
    SYS_fsopen,           SYS_setns,
    SYS_swapon,           SYS_swapoff,
    SYS_reboot,           SYS_settimeofday,
    SYS_clock_settime,    SYS_acct,
};

#define PROLOGUE 3

/* A call of another architecture than this program's is refused as well: its
 * numbers mean something else. */
static bool refuse_calls(void)
{
#ifdef ARCHITECTURE
    struct sock_filter filter[PROLOGUE + COUNT(refused) + 3];
    struct sock_fprog program = {.filter = filter};
    size_t n = 0;

    filter[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    filter[n++] = (struct sock_filter)BPF_JUMP(
        BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, COUNT(refused) + 2);
    filter[n++] = (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT(refused); i++) {
        filter[n++] = (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, (unsigned)refused[i],
            (unsigned char)(COUNT(refused) - i), 0);
    }
    filter[n++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
                                               SECCOMP_RET_ERRNO | EPERM);
    program.len = (unsigned short)n;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
#else
    return false;
#endif
}

/* ---- files ---- */

/* Since the third release of the interface; headers may be older. */
#define ACCESS_TRUNCATE (UINT64_C(1) << 14)

#define ACCESS_CHANGE                                                          \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |           \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |           \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |               \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |             \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |             \
     LANDLOCK_ACCESS_FS_REFER)

/* Folders of the root that are the system's. */
static const char *const protected[] = {
    "bin",    "boot", "etc",  "lib", "lib32", "lib64",
    "libx32", "proc", "sbin", "sys", "usr",
};

static bool is_protected(const char *name)
{
    bool is_so = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;

    for (size_t i = 0; i < COUNT(protected); i++) {
        is_so |= strcmp(name, protected[i]) == 0;
    }
    return is_so;
}

/* What is no folder, or not there, needs no permission. */
static void permit(int rules, uint64_t access, const char *path)
{
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = access,
        .parent_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC),
    };

    if (beneath.parent_fd >= 0) {
        syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
                &beneath, 0);
        close(beneath.parent_fd);
    }
}

static void permit_own_root(int rules, uint64_t access)
{
    DIR *root = opendir("/");
    const struct dirent *entry = root ? readdir(root) : NULL;

    while (entry) {
        char path[sizeof(entry->d_name) + 1] = "/";

        if (!is_protected(entry->d_name)) {
            memcpy(path + 1, entry->d_name, strlen(entry->d_name) + 1);
            permit(rules, access, path);
        }
        entry = readdir(root);
    }
    if (root) {
        closedir(root);
    }
    permit(rules, access, "/proc/self");
}

static void permit_values(int rules, uint64_t access, struct haft_array values)
{
    for (uint32_t i = 0; i < values.count; i++) {
        const struct haft_value *v =
            (const void *)((const char *)values.p + i * (size_t)values.stride);
        const char *text = v->text.p;
        size_t size = v->text.n;
        char *folder;

        if (size == 0 || text[0] != '/') {
            continue;
        }
        while (size > 1 && text[size - 1] != '/') {
            size--;
        }
        folder = mem_text(text, size);
        permit(rules, access, folder);
        mem_free(folder);
    }
}

/* Reading is as it was. The first release of the interface could not move files
 * between folders at all, so that it is not used. */
static bool refuse_files(struct haft_array values)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr all = {
        .handled_access_fs = ACCESS_CHANGE | (abi >= 3 ? ACCESS_TRUNCATE : 0),
    };
    bool is_up;
    int rules;

    if (abi < 2) {
        return false;
    }
    rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
    if (rules < 0) {
        return false;
    }
    permit_own_root(rules, all.handled_access_fs);
    permit_values(rules, all.handled_access_fs, values);
    is_up = syscall(SYS_landlock_restrict_self, rules, 0) == 0;
    close(rules);
    return is_up;
}

uint32_t fence_raise(struct haft_array values)
{
    uint32_t up = 0;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
        up |= FENCE_PRIVILEGES;
        up |= refuse_files(values) ? FENCE_FILES : 0;
        up |= refuse_calls() ? FENCE_CALLS : 0;
    }
    return up;
}
