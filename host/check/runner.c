#include "host/check/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/base/log.h"
#include "host/plain/mem.h"

#define CAGES 2
#define PATH_LIMIT 4096
#define VERDICT_LIMIT (KIT_SAID_LIMIT + STR_WHY_LIMIT + 64)
#define AT_ONCE_MOST 8
#define WORDS_LIMIT 300 /* bytes of what a process that died has written */

/* One case in one cage. */
struct job {
    const struct kit_case *which;
    bool is_caged;
    bool is_over;
    pid_t pid; /* 0: not started */
    int fd;    /* what the case says comes here; -1: all has come */
    int64_t due_ms;
    struct str heard;
    char *folder;
    enum kit_verdict verdict;
    struct str why;
    const char *said; /* in `heard` */
};

struct runner {
    const struct kit_target *target;
    int64_t limit_ms;
    char folder[64];
    struct job *jobs;
    size_t count;
    size_t running;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- in the process of a case ---- */

static void write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);

        if (n <= 0 && errno != EINTR) {
            return;
        }
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        }
    }
}

/* What it writes may tell why it died. */
static void redirect(const struct job *job)
{
    struct str path;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int out;

    str_init(&path, PATH_LIMIT);
    str_addf(&path, "%s.out", job->folder);
    out = open(path.text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    str_finish(&path);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    close(null);
    close(out);
}

/* Its verdict, a zero byte, why, a zero byte, and what both cages must say. */
static _Noreturn void run_case(const struct runner *r, const struct job *job,
                               int fd)
{
    struct kit kit = {
        .target = r->target,
        .which = job->which,
        .is_caged = job->is_caged,
        .folder = job->folder,
    };
    char verdict;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nobody would hear it any more */
    redirect(job);
    log_set_level(LOG_LEVEL_ERROR);
    str_init(&kit.why, STR_WHY_LIMIT);
    str_init(&kit.said, KIT_SAID_LIMIT);
    job->which->run(&kit);
    verdict = (char)('0' + kit.verdict);
    write_all(fd, &verdict, 1);
    write_all(fd, kit.why.text, kit.why.size + 1);
    write_all(fd, kit.said.text, kit.said.size + 1);
    _exit(0);
}

/* ---- in the runner ---- */

static bool start(struct runner *r, struct job *job, struct str *why)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        str_addf(why, "cannot make a pipe: %s", strerror(errno));
        return false;
    }
    mkdir(job->folder, 0700);
    job->pid = fork();
    if (job->pid == 0) {
        close(ends[0]);
        run_case(r, job, ends[1]);
    }
    close(ends[1]);
    if (job->pid < 0) {
        job->pid = 0;
        close(ends[0]);
        str_addf(why, "cannot start a process: %s", strerror(errno));
        return false;
    }
    setpgid(job->pid, job->pid);
    job->fd = ends[0];
    job->due_ms = now_ms() + r->limit_ms;
    r->running++;
    return true;
}

static void fail(struct job *job, const char *what)
{
    job->verdict = KIT_FAIL;
    str_reset(&job->why);
    str_add_text(&job->why, what);
}

/* The last words of a process that did not come to its verdict. */
static void add_last_words(struct job *job)
{
    char words[WORDS_LIMIT];
    struct str path;
    int fd;
    ssize_t n = 0;

    str_init(&path, PATH_LIMIT);
    str_addf(&path, "%s.out", job->folder);
    fd = open(path.text, O_RDONLY | O_CLOEXEC);
    str_finish(&path);
    if (fd >= 0) {
        n = read(fd, words, sizeof(words));
        close(fd);
    }
    while (n > 0 && words[n - 1] == '\n') {
        n--;
    }
    if (n > 0) {
        str_add_text(&job->why, "; it wrote ");
        str_add_quoted(&job->why, words, (size_t)n);
    }
}

static void take_verdict(struct job *job, int status)
{
    const char *text = job->heard.text;
    size_t why_size = job->heard.size > 1 ? strlen(text + 1) : 0;

    if (job->heard.size > why_size + 2 && WIFEXITED(status) &&
        WEXITSTATUS(status) == 0) {
        job->verdict = (enum kit_verdict)(text[0] - '0');
        str_add(&job->why, text + 1, why_size);
        job->said = text + 1 + why_size + 1;
        return;
    }
    fail(job, "");
    if (WIFSIGNALED(status)) {
        str_addf(&job->why, "the process was ended by signal %d (%s)",
                 WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        str_addf(&job->why, "the process left with exit code %d, in the middle",
                 WEXITSTATUS(status));
    }
    add_last_words(job);
}

/* Takes the process and all that it has started away. */
static void end(struct runner *r, struct job *job, bool is_late)
{
    int status = 0;

    if (is_late) {
        kill(-job->pid, SIGKILL);
    }
    while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR) {
    }
    kill(-job->pid, SIGKILL);
    close(job->fd);
    job->fd = -1;
    job->is_over = true;
    r->running--;
    if (is_late) {
        fail(job, "");
        str_addf(&job->why, "it did not come back within %lld ms",
                 (long long)r->limit_ms);
    } else {
        take_verdict(job, status);
    }
}

static void hear(struct runner *r, struct job *job)
{
    char part[4096];
    ssize_t n = read(job->fd, part, sizeof(part));

    if (n > 0) {
        str_add(&job->heard, part, (size_t)n);
    } else if (n == 0 || errno != EINTR) {
        end(r, job, false);
    }
}

/* Waits for what is running, once. */
static void turn(struct runner *r)
{
    struct pollfd fds[AT_ONCE_MOST];
    struct job *jobs[AT_ONCE_MOST];
    nfds_t count = 0;
    int64_t due_ms = INT64_MAX;

    for (size_t i = 0; i < r->count; i++) {
        if (r->jobs[i].fd >= 0) {
            jobs[count] = &r->jobs[i];
            fds[count++] = (struct pollfd){r->jobs[i].fd, POLLIN, 0};
            due_ms = r->jobs[i].due_ms < due_ms ? r->jobs[i].due_ms : due_ms;
        }
    }

    int64_t left_ms = due_ms - now_ms();

    poll(fds, count, left_ms > 0 ? (int)left_ms : 0);
    for (nfds_t i = 0; i < count; i++) {
        if (fds[i].revents) {
            hear(r, jobs[i]);
        } else if (now_ms() >= jobs[i]->due_ms) {
            end(r, jobs[i], true);
        }
    }
}

static size_t at_once(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (processors < 2) {
        return 2;
    }
    return processors < AT_ONCE_MOST ? (size_t)processors : AT_ONCE_MOST;
}

static bool run_step(struct runner *r, unsigned step, struct str *why)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->jobs[i].which->step != step) {
            continue;
        }
        while (r->running >= at_once()) {
            turn(r);
        }
        if (!start(r, &r->jobs[i], why)) {
            break;
        }
    }
    while (r->running > 0) {
        turn(r);
    }
    return why->size == 0;
}

static bool has_failed(const struct runner *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->jobs[i].is_over && r->jobs[i].verdict == KIT_FAIL) {
            return true;
        }
    }
    return false;
}

static bool is_for(const struct kit_case *which, const struct kit_target *t)
{
    return !which->kind || strcmp(which->kind, t->kind->name) == 0;
}

static void add_job(struct runner *r, const struct kit_case *which,
                    bool is_caged)
{
    struct job *job = &r->jobs[r->count];
    struct str folder;

    str_init(&folder, PATH_LIMIT);
    str_addf(&folder, "%s/%zu", r->folder, r->count++);
    *job = (struct job){.which = which, .is_caged = is_caged, .fd = -1};
    job->folder = str_take(&folder);
    str_init(&job->heard, VERDICT_LIMIT);
    str_init(&job->why, STR_WHY_LIMIT);
}

static void plan(struct runner *r)
{
    size_t most = 0;

    for (const struct kit_case *c = kit_cases; c->name; c++) {
        most += CAGES;
    }
    r->jobs = mem_new(most, sizeof(*r->jobs));
    for (const struct kit_case *c = kit_cases; c->name; c++) {
        if (is_for(c, r->target) && (c->cages & KIT_INSIDE)) {
            add_job(r, c, false);
        }
        if (is_for(c, r->target) && (c->cages & KIT_CAGED)) {
            add_job(r, c, true);
        }
    }
}

/* ---- what came of it ---- */

/* The first line in which two texts differ. */
static void add_difference(const char *a, const char *b, struct str *out)
{
    while (*a && strncmp(a, b, strcspn(a, "\n") + 1) == 0) {
        size_t n = strcspn(a, "\n");

        a += n + (a[n] != '\0');
        b += n + (b[n] != '\0');
    }
    str_add_text(out, "wanted the same in both cages, found in the host ");
    str_add_quoted(out, a, strcspn(a, "\n"));
    str_add_text(out, " and in a process ");
    str_add_quoted(out, b, strcspn(b, "\n"));
}

static struct runner_result judge(const struct job *inside,
                                  const struct job *caged)
{
    const struct job *worst = inside ? inside : caged;
    struct runner_result result;
    struct str why;

    str_init(&why, STR_WHY_LIMIT);
    if (inside && caged &&
        (inside->verdict == KIT_PASS ||
         (inside->verdict == KIT_SKIP && caged->verdict == KIT_FAIL))) {
        worst = caged;
    }
    result = (struct runner_result){worst->which, worst->verdict, NULL};
    if (worst->verdict != KIT_PASS) {
        str_add_text(&why, caged == worst ? "in a process of its own: " : "");
        str_add(&why, worst->why.text, worst->why.size);
    } else if (inside && caged && inside->said && caged->said &&
               strcmp(inside->said, caged->said) != 0) {
        result.verdict = KIT_FAIL;
        add_difference(inside->said, caged->said, &why);
    }
    result.why = str_take(&why);
    return result;
}

static struct runner_result not_tried(const struct kit_case *which)
{
    const char why[] = "not tried: what comes first has failed";

    return (struct runner_result){which, KIT_SKIP,
                                  mem_text(why, sizeof(why) - 1)};
}

/* The jobs of one case stand side by side. */
static void collect(struct runner *r, struct runner_results *results)
{
    results->items = mem_new(r->count, sizeof(*results->items));
    results->count = 0;
    for (size_t i = 0; i < r->count; i++) {
        const struct job *job = &r->jobs[i];
        const struct job *next = i + 1 < r->count ? job + 1 : NULL;

        next = next && next->which == job->which ? next : NULL;
        results->items[results->count++] =
            !job->is_over ? not_tried(job->which)
            : next
                ? judge(job, next)
                : judge(job->is_caged ? NULL : job, job->is_caged ? job : NULL);
        i += next != NULL;
    }
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

bool runner_run(const struct kit_target *target, int64_t limit_ms,
                struct runner_results *results, struct str *why)
{
    struct runner r = {.target = target, .limit_ms = limit_ms};
    const char template[] = "/tmp/haft-check-XXXXXX";
    bool is_run = true;

    memcpy(r.folder, template, sizeof(template));
    if (!mkdtemp(r.folder)) {
        str_addf(why, "cannot make a folder in /tmp: %s", strerror(errno));
        return false;
    }
    plan(&r);
    for (unsigned step = 0; step < KIT_STEPS && is_run && !has_failed(&r);
         step++) {
        is_run = run_step(&r, step, why);
    }
    if (is_run) {
        collect(&r, results);
    }
    for (size_t i = 0; i < r.count; i++) {
        mem_free(r.jobs[i].folder);
        str_finish(&r.jobs[i].heard);
        str_finish(&r.jobs[i].why);
    }
    mem_free(r.jobs);
    nftw(r.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return is_run;
}

void runner_finish(struct runner_results *results)
{
    for (size_t i = 0; i < results->count; i++) {
        mem_free(results->items[i].why);
    }
    mem_free(results->items);
}
