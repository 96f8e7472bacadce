/* retry/backoff: whether and when to try again.
 *
 * Two questions, one after the other. May it be tried again? The fault's class
 * says what is usual (a row of the table below), the task may name other
 * classes and exit codes, and there are two budgets: tries, which the task
 * gives, and losses, which are no fault of the task and come from the
 * instance. Whether a second try is safe, for a task that is not idempotent,
 * has been decided before this is asked.
 *
 * How long to wait? A delay that the strategy gives for the n-th try, at most
 * the cap, spread by jitter; never earlier than a hint of the service, which
 * is spread upwards alone. All sums saturate: no input, however large, makes
 * a delay wrap around.
 *
 * The answer follows from the question alone, the seed included. */
#include <stdbool.h>

#include <haft/retry.h>
#include <haft/sdk.h>

#define HINT_LIMIT_MS 3600000 /* a service may not silence us for longer */

enum budget {
    BUDGET_NONE,   /* never again */
    BUDGET_TRIES,  /* as often as the task says */
    BUDGET_LOSSES, /* as often as the instance allows */
    BUDGET_ONCE,   /* one loss */
    BUDGET_TWICE,  /* two losses */
    BUDGET_WAITS   /* losses, as often as the task says: its own limit */
};

struct rule {
    enum budget budget;
    uint32_t verdict; /* HAFT_RETRY_AGAIN or _ELSEWHERE */
    const char *refusal;
};

static const struct rule rules[HAFT_CLASSES] = {
    [HAFT_CANCELLED] = {BUDGET_NONE, 0, "it was cancelled"},
    [HAFT_INVALID] = {BUDGET_NONE, 0, "it can never work as it is"},
    [HAFT_UNAUTHENTICATED] = {BUDGET_ONCE, HAFT_RETRY_AGAIN,
                              "it is not known who asks"},
    [HAFT_DENIED] = {BUDGET_NONE, 0, "it is not allowed"},
    [HAFT_NOT_FOUND] = {BUDGET_NONE, 0, "something is not there"},
    [HAFT_CONFLICT] = {BUDGET_LOSSES, HAFT_RETRY_AGAIN, "no losses left"},
    [HAFT_USER_FAILURE] = {BUDGET_TRIES, HAFT_RETRY_AGAIN, "no tries left"},
    [HAFT_TIMEOUT_RUN] = {BUDGET_TRIES, HAFT_RETRY_AGAIN, "no tries left"},
    [HAFT_TIMEOUT_QUEUE] = {BUDGET_WAITS, HAFT_RETRY_AGAIN, "no tries left"},
    [HAFT_THROTTLED] = {BUDGET_LOSSES, HAFT_RETRY_AGAIN, "no losses left"},
    [HAFT_RESOURCE] = {BUDGET_TRIES, HAFT_RETRY_AGAIN, "no tries left"},
    [HAFT_TRANSIENT] = {BUDGET_LOSSES, HAFT_RETRY_AGAIN, "no losses left"},
    [HAFT_BACKEND_DOWN] = {BUDGET_LOSSES, HAFT_RETRY_AGAIN, "no losses left"},
    [HAFT_INFRA_LOST] = {BUDGET_LOSSES, HAFT_RETRY_ELSEWHERE, "no losses left"},
    [HAFT_UNKNOWN_OUTCOME] = {BUDGET_LOSSES, HAFT_RETRY_AGAIN,
                              "no losses left"},
    [HAFT_SHED] = {BUDGET_LOSSES, HAFT_RETRY_AGAIN, "no losses left"},
    [HAFT_CORRUPT] = {BUDGET_NONE, 0, "data is damaged"},
    [HAFT_PLUGIN_CRASH] = {BUDGET_TWICE, HAFT_RETRY_ELSEWHERE,
                           "the plugin keeps failing"},
    [HAFT_UNIMPLEMENTED] = {BUDGET_NONE, 0, "the plugin does not offer it"},
    [HAFT_INTERNAL] = {BUDGET_TWICE, HAFT_RETRY_ELSEWHERE,
                       "the plugin keeps failing"},
};

enum strategy {
    STRATEGY_NONE,
    STRATEGY_IMMEDIATE,
    STRATEGY_FIXED,
    STRATEGY_LINEAR,
    STRATEGY_EXPONENTIAL,
    STRATEGY_FIBONACCI,
    STRATEGY_LIST,
    STRATEGIES
};

static const char *const strategy_names[STRATEGIES] = {
    [STRATEGY_NONE] = "none",
    [STRATEGY_IMMEDIATE] = "immediate",
    [STRATEGY_FIXED] = "fixed",
    [STRATEGY_LINEAR] = "linear",
    [STRATEGY_EXPONENTIAL] = "exponential",
    [STRATEGY_FIBONACCI] = "fibonacci",
    [STRATEGY_LIST] = "list",
};

enum jitter {
    JITTER_NONE,
    JITTER_FULL,
    JITTER_EQUAL,
    JITTER_DECORRELATED,
    JITTER_PROPORTIONAL,
    JITTERS
};

static const char *const jitter_names[JITTERS] = {
    [JITTER_NONE] = "none",
    [JITTER_FULL] = "full",
    [JITTER_EQUAL] = "equal",
    [JITTER_DECORRELATED] = "decorrelated",
    [JITTER_PROPORTIONAL] = "proportional",
};

/* What holds for one question: the task's word, else the instance's. */
struct policy {
    int64_t base_ms;
    int64_t cap_ms;   /* 0: none */
    int64_t limit_ms; /* 0: none */
    int64_t max;
    int64_t losses;
    int64_t max_given;
    int64_t spread;
    int strategy;
    int jitter;
};

struct backoff {
    struct haft_instance instance;
    const struct haft_host *host;
    struct haft_object retry;
    const struct haft_object *objects[2];
    struct policy policy;
};

/* ---- arithmetic that saturates ---- */

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static int64_t multiply(int64_t a, int64_t b)
{
    int64_t product;

    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* splitmix64. */
static uint64_t draw(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Evenly from `low` to `high`, both included. The remainder's bias is below
 * 2^-20 for any delay of less than a hundred years. */
static int64_t draw_between(uint64_t *seed, int64_t low, int64_t high)
{
    if (high <= low) {
        return low;
    }
    return low + (int64_t)(draw(seed) % ((uint64_t)high - (uint64_t)low + 1));
}

/* ---- delays ---- */

static int64_t exponential(int64_t base, int64_t n)
{
    return n > 62 ? multiply(base, INT64_MAX)
                  : multiply(base, INT64_C(1) << (n - 1));
}

/* 1 1 2 3 5 ...; the 91st is the last that fits. */
static int64_t fibonacci(int64_t base, int64_t n)
{
    int64_t before = 0;
    int64_t number = 1;

    for (int64_t i = 1; i < n && i < 91; i++) {
        int64_t next = before + number;

        before = number;
        number = next;
    }
    return multiply(base, number);
}

/* The last step stands for all later ones. */
static int64_t list_step(struct haft_array steps, int64_t n)
{
    const struct haft_retry_step *step;
    uint32_t at = (uint32_t)least(n - 1, (int64_t)steps.count - 1);

    step = haft_item(steps, at);
    return step->delay_ms > 0 ? step->delay_ms : 0;
}

/* Before chance: what precedes the n-th try after the first, from 1. */
static int64_t plain_delay(const struct policy *p,
                           const struct haft_retry_decide_in *in, int64_t n)
{
    int64_t delay_ms = 0;

    switch (p->strategy) {
    case STRATEGY_FIXED:
        delay_ms = p->base_ms;
        break;
    case STRATEGY_LINEAR:
        delay_ms = multiply(p->base_ms, n);
        break;
    case STRATEGY_NONE: /* of the task's own tries; a loss waits all the same */
    case STRATEGY_EXPONENTIAL:
        delay_ms = exponential(p->base_ms, n);
        break;
    case STRATEGY_FIBONACCI:
        delay_ms = fibonacci(p->base_ms, n);
        break;
    case STRATEGY_LIST:
        delay_ms = list_step(in->steps, n);
        break;
    default:
        break;
    }
    return p->cap_ms > 0 ? least(delay_ms, p->cap_ms) : delay_ms;
}

static int64_t spread_delay(const struct policy *p, int64_t delay_ms,
                            int64_t previous_ms, uint64_t *seed)
{
    int64_t part;

    switch (p->jitter) {
    case JITTER_FULL:
        return draw_between(seed, 0, delay_ms);
    case JITTER_EQUAL:
        return draw_between(seed, delay_ms - delay_ms / 2, delay_ms);
    case JITTER_DECORRELATED:
        /* From the base to three times what it was last time: it grows by
         * itself, so the strategy only says that there is a delay at all. */
        if (delay_ms > 0) {
            delay_ms = draw_between(
                seed, p->base_ms,
                multiply(previous_ms > 0 ? previous_ms : p->base_ms, 3));
        }
        return p->cap_ms > 0 ? least(delay_ms, p->cap_ms) : delay_ms;
    case JITTER_PROPORTIONAL:
        part = delay_ms / 100 * p->spread + delay_ms % 100 * p->spread / 100;
        delay_ms = draw_between(seed, delay_ms - part, add(delay_ms, part));
        return p->cap_ms > 0 ? least(delay_ms, p->cap_ms) : delay_ms;
    default:
        return delay_ms;
    }
}

/* Not before the service wants us back, and not all of us at once. */
static int64_t heed_hint(int64_t delay_ms, int64_t hint_ms, uint64_t *seed)
{
    if (hint_ms <= 0) {
        return delay_ms;
    }
    hint_ms = least(hint_ms, HINT_LIMIT_MS);
    if (delay_ms >= hint_ms) {
        return delay_ms;
    }
    return draw_between(seed, hint_ms, hint_ms + hint_ms / 10);
}

static int64_t delay_of(const struct policy *p,
                        const struct haft_retry_decide_in *in, int64_t n)
{
    uint64_t seed = in->seed;
    int64_t delay_ms = plain_delay(p, in, n > 0 ? n : 1);

    delay_ms = spread_delay(p, delay_ms, in->previous_delay_ms, &seed);
    return heed_hint(delay_ms, in->retry_after_ms, &seed);
}

/* ---- may it be tried again ---- */

static bool has_exit(const struct haft_retry_decide_in *in)
{
    for (uint32_t i = 0; i < in->exits.count; i++) {
        const struct haft_retry_exit *row = haft_item(in->exits, i);

        if (row->code == in->exit_code && in->signal == 0) {
            return true;
        }
    }
    return in->exits.count == 0;
}

/* The class's rule, or what the task says instead. Effect not_started costs a
 * loss whatever the class: the task had no part in it; but for the limit on
 * waiting, which the task has set. */
static struct rule rule_of(const struct haft_retry_decide_in *in)
{
    static const struct rule unnamed = {BUDGET_NONE, 0,
                                        "the task does not retry this class"};
    uint32_t fault_class = in->fault_class > 0 && in->fault_class < HAFT_CLASSES
                               ? in->fault_class
                               : HAFT_INTERNAL;
    struct rule rule = rules[fault_class];

    if (fault_class == HAFT_CANCELLED) {
        return rule;
    }
    if (in->classes != 0) {
        if (!(in->classes & UINT32_C(1) << fault_class)) {
            return unnamed;
        }
        if (rule.budget == BUDGET_NONE) {
            rule =
                (struct rule){BUDGET_TRIES, HAFT_RETRY_AGAIN, "no tries left"};
        }
    }
    if (in->effect == HAFT_EFFECT_NOT_STARTED && rule.budget == BUDGET_TRIES) {
        rule.budget = BUDGET_LOSSES;
        rule.refusal = "no losses left";
    }
    return rule;
}

static bool is_within(const struct policy *p, enum budget budget,
                      const struct haft_retry_decide_in *in)
{
    switch (budget) {
    case BUDGET_TRIES:
        return p->strategy != STRATEGY_NONE && in->tries <= p->max;
    case BUDGET_LOSSES:
        return in->losses <= p->losses &&
               (p->strategy != STRATEGY_NONE ||
                in->effect == HAFT_EFFECT_NOT_STARTED);
    case BUDGET_WAITS:
        return p->strategy != STRATEGY_NONE && in->losses <= p->max;
    case BUDGET_ONCE:
        return in->losses <= least(1, p->losses);
    case BUDGET_TWICE:
        return in->losses <= least(2, p->losses);
    default:
        return false;
    }
}

static uint32_t verdict_of(const struct rule *rule, uint32_t hint)
{
    if (hint == HAFT_HINT_SAME) {
        return HAFT_RETRY_AGAIN;
    }
    return hint == HAFT_HINT_OTHER ? HAFT_RETRY_ELSEWHERE : rule->verdict;
}

static void answer(struct haft_retry_decide_out *out, uint32_t verdict,
                   int64_t delay_ms, const char *reason)
{
    out->verdict = verdict;
    out->delay_ms = delay_ms;
    out->reason = haft_text(reason);
}

static void judge(const struct policy *p, const struct haft_retry_decide_in *in,
                  struct haft_retry_decide_out *out)
{
    struct rule rule = rule_of(in);
    int64_t n = rule.budget == BUDGET_TRIES ? in->tries : in->losses;
    int64_t delay_ms = delay_of(p, in, n);

    if (in->retry_hint == HAFT_HINT_NEVER) {
        answer(out, HAFT_RETRY_FAIL, 0, "the fault says never again");
    } else if (in->fault_class == HAFT_USER_FAILURE && !has_exit(in)) {
        answer(out, HAFT_RETRY_FAIL, 0, "the task does not retry this exit");
    } else if (!is_within(p, rule.budget, in)) {
        answer(out, HAFT_RETRY_FAIL, 0, rule.refusal);
    } else if (p->limit_ms > 0 && add(in->elapsed_ms, delay_ms) > p->limit_ms) {
        answer(out, HAFT_RETRY_FAIL, 0, "no time left for tries");
    } else if (in->left_ms > 0 && delay_ms > in->left_ms) {
        answer(out, HAFT_RETRY_FAIL, 0, "no time left in the task's total");
    } else {
        answer(out, verdict_of(&rule, in->retry_hint), delay_ms,
               rule.budget == BUDGET_TRIES ? "another try" : "another start");
    }
}

/* ---- the question ---- */

static int find_name(struct haft_slice name, const char *const *names,
                     int count)
{
    for (int i = 0; i < count; i++) {
        if (haft_slice_is(name, names[i])) {
            return i;
        }
    }
    return -1;
}

static int64_t or_else(int64_t said, int64_t otherwise)
{
    return said > 0 ? said : otherwise;
}

/* How many tries, if the task does not say: as many as it lists steps; some
 * if it wants retries at all; else the instance's. */
static int64_t max_of(const struct policy *p,
                      const struct haft_retry_decide_in *in)
{
    if (in->max > 0) {
        return in->max;
    }
    if (in->steps.count > 0) {
        return in->steps.count;
    }
    if (in->strategy.n > 0 || in->classes != 0 || in->exits.count > 0 ||
        in->base_ms > 0 || in->cap_ms > 0 || in->limit_ms > 0) {
        return or_else(p->max, p->max_given);
    }
    return p->max;
}

static haft_status refuse(struct backoff *b, const struct haft_call *call,
                          const char *what, struct haft_slice name)
{
    return haft_fail(b->host, call, HAFT_INVALID, "backoff.unknown",
                     "there is no %s \"%.*s\"", what,
                     (int)(name.n < 64 ? name.n : 64),
                     name.n > 0 ? (const char *)name.p : "");
}

static haft_status decide(struct backoff *b, const struct haft_call *call,
                          const struct haft_retry_decide_in *in,
                          struct haft_retry_decide_out *out)
{
    struct policy p = b->policy;

    if (in->strategy.n > 0) {
        p.strategy = find_name(in->strategy, strategy_names, STRATEGIES);
    } else if (in->steps.count > 0) {
        p.strategy = STRATEGY_LIST;
    }
    if (p.strategy < 0) {
        return refuse(b, call, "strategy", in->strategy);
    }
    if (p.strategy == STRATEGY_LIST && in->steps.count == 0) {
        return haft_fail(b->host, call, HAFT_INVALID, "backoff.steps",
                         "strategy list needs steps");
    }
    if (in->jitter.n > 0) {
        p.jitter = find_name(in->jitter, jitter_names, JITTERS);
    } else if (p.strategy == STRATEGY_LIST) {
        p.jitter = JITTER_NONE; /* who lists delays means them */
    }
    if (p.jitter < 0) {
        return refuse(b, call, "jitter", in->jitter);
    }
    p.base_ms = or_else(in->base_ms, p.base_ms);
    p.cap_ms = or_else(in->cap_ms, p.cap_ms);
    p.limit_ms = or_else(in->limit_ms, p.limit_ms);
    p.max = max_of(&b->policy, in);
    judge(&p, in, out);
    return HAFT_OK;
}
HAFT_METHOD(decide, struct backoff, struct haft_retry_decide_in,
            struct haft_retry_decide_out);

static const haft_method retry_methods[] = {[HAFT_RETRY_DECIDE] =
                                                decide_method};

/* ---- the instance ---- */

static void destroy(struct haft_instance *instance)
{
    free(instance);
}

static struct policy read_policy(const struct haft_create *with)
{
    return (struct policy){
        .base_ms = haft_option_number(with, "base"),
        .cap_ms = haft_option_number(with, "cap"),
        .limit_ms = haft_option_number(with, "elapsed"),
        .max = haft_option_number(with, "max"),
        .max_given = haft_option_number(with, "max_given"),
        .losses = haft_option_number(with, "losses"),
        .spread = haft_option_number(with, "spread"),
        .strategy = find_name(haft_option_text(with, "strategy"),
                              strategy_names, STRATEGY_LIST),
        .jitter =
            find_name(haft_option_text(with, "jitter"), jitter_names, JITTERS),
    };
}

static haft_status create(const struct haft_host *host,
                          const struct haft_create *with,
                          struct haft_instance **out)
{
    struct policy policy = read_policy(with);
    struct backoff *b;

    if (policy.strategy < 0 || policy.jitter < 0) {
        return haft_fail(host, NULL, HAFT_INVALID, "backoff.unknown",
                         "option strategy or jitter: not one of its choices");
    }
    b = calloc(1, sizeof(*b));
    if (!b) {
        return -HAFT_RESOURCE;
    }
    b->host = host;
    b->policy = policy;
    b->retry = (struct haft_object){sizeof(b->retry),
                                    sizeof(retry_methods) / sizeof(haft_method),
                                    &haft_retry_v1, retry_methods, b};
    b->objects[0] = &b->retry;
    b->instance =
        (struct haft_instance){sizeof(b->instance), 0, b->objects, destroy};
    *out = &b->instance;
    return HAFT_OK;
}

static const struct haft_class backoff_class = {
    sizeof(struct haft_class), 0, "haft.retry/1", "backoff", create};
static const struct haft_class *const classes[] = {&backoff_class, NULL};

HAFT_MODULE(retry_backoff, "0.1.0", classes,
            "plugins/retry/backoff/manifest.json");
