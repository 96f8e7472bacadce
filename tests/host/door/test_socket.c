#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "host/door/socket.h"
#include "tests/check_main.h"
#include "tests/host/door/desk.h"

/* An asker at the other end of the desk's own socket. */
struct asker {
    struct desk *desk;
    int fd;
    char line[65536];
    bool is_closed;
};

static void connect_to(struct asker *asker, struct desk *desk)
{
    asker->desk = desk;
    asker->is_closed = false;
    asker->fd = socket_connect(desk->config->host.socket);
    ck_assert_int_ge(asker->fd, 0);
}

static void say(const struct asker *asker, const char *text)
{
    ck_assert_int_eq(send(asker->fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* The host's next line, turning it meanwhile. */
static void hear(struct asker *asker)
{
    size_t size = 0;

    while (size == 0 || asker->line[size - 1] != '\n') {
        ssize_t n = recv(asker->fd, asker->line + size, 1, MSG_DONTWAIT);

        if (n == 0 || (n < 0 && errno == ECONNRESET)) {
            asker->is_closed = true;
            break;
        }
        if (n > 0) {
            size++;
            ck_assert_uint_lt(size, sizeof(asker->line));
        } else {
            desk_turn(asker->desk);
        }
    }
    asker->line[size] = '\0';
}

static void hear_part(struct asker *asker, const char *part)
{
    hear(asker);
    ck_assert_msg(strstr(asker->line, part) != NULL, "%s", asker->line);
}

START_TEST(the_host_greets_and_answers)
{
    struct desk desk;
    struct asker asker;

    desk_open(&desk, HOST_OWNER);
    connect_to(&asker, &desk);

    hear_part(&asker, "{\"v\":1,\"principal\":\"user:");
    say(&asker, "{\"v\":1,\"id\":7,\"op\":\"host.status\"}\n");
    hear_part(&asker, "{\"id\":7,\"result\":{\"version\"");
    say(&asker, "{\"v\":1,\"id\":8,\"op\":\"no.such\"}\n");
    hear_part(&asker, "{\"id\":8,\"error\":{\"class\":\"UNIMPLEMENTED\"");

    close(asker.fd);
    desk_close(&desk);
}
END_TEST

START_TEST(a_wrong_line_ends_the_connection)
{
    static const char *const lines[] = {
        "nonsense\n",
        "{\"v\":2,\"id\":1,\"op\":\"host.status\"}\n",
        "{\"v\":1,\"id\":0,\"op\":\"host.status\"}\n",
        "{\"v\":1,\"id\":1}\n",
    };
    struct desk desk;
    struct asker asker;

    desk_open(&desk, HOST_OWNER);

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        connect_to(&asker, &desk);
        hear(&asker);
        say(&asker, lines[i]);
        hear_part(&asker, "{\"id\":0,\"error\":{\"class\":\"INVALID\"");
        hear(&asker);
        ck_assert(asker.is_closed);
        close(asker.fd);
    }

    desk_close(&desk);
}
END_TEST

START_TEST(an_asker_may_leave_at_any_time)
{
    struct desk desk;
    struct asker asker;

    desk_open(&desk, HOST_OWNER);

    connect_to(&asker, &desk);
    close(asker.fd);
    connect_to(&asker, &desk);
    hear(&asker);
    say(&asker,
        "{\"id\":1,\"op\":\"run.list\"}\n"
        "{\"id\":2,\"op\":\"run.events\",\"params\":{\"follow\":true}}\n"
        "{\"id\":3,\"op\":\"host.st");
    close(asker.fd);
    connect_to(&asker, &desk);
    hear_part(&asker, "principal");
    say(&asker, "{\"id\":1,\"op\":\"host.status\"}\n");
    hear_part(&asker, "result");
    close(asker.fd);

    desk_close(&desk);
}
END_TEST

START_TEST(a_question_may_be_dropped)
{
    struct desk desk;
    struct asker asker;

    desk_open(&desk, HOST_OWNER);
    connect_to(&asker, &desk);
    hear(&asker);

    say(&asker,
        "{\"id\":1,\"op\":\"run.events\",\"params\":{\"follow\":true}}\n"
        "{\"id\":1,\"drop\":true}\n{\"id\":9,\"drop\":true}\n");
    desk_get(&desk, "run.submit",
             "{\"document\":\"version: 1\\ntasks: {a: {run: x}}\","
             "\"name\":\"a\"}");
    say(&asker, "{\"id\":2,\"op\":\"host.status\"}\n");
    do {
        hear(&asker);
    } while (strstr(asker.line, "\"id\":1,") != NULL);
    ck_assert_ptr_nonnull(strstr(asker.line, "\"id\":2,"));

    close(asker.fd);
    desk_close(&desk);
}
END_TEST

/* ---- the place ---- */

struct place {
    char folder[64];
    char path[128];
    struct loop *loop;
    struct str why;
};

static struct socket_door *open_at(struct place *place)
{
    const struct socket_door_options options = {.loop = place->loop,
                                                .path = place->path};

    str_reset(&place->why);
    return socket_door_open(&options, &place->why);
}

static void place_init(struct place *place)
{
    *place = (struct place){.folder = "/tmp/haft-place-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/door", place->folder);
    place->loop = loop_create();
    str_init(&place->why, STR_WHY_LIMIT);
}

static void place_finish(struct place *place)
{
    unlink(place->path);
    rmdir(place->folder);
    loop_destroy(place->loop);
    str_finish(&place->why);
}

START_TEST(a_socket_is_there_while_its_door_is_open)
{
    struct place place;
    struct socket_door *door;
    struct stat found;
    int fd;

    place_init(&place);

    ck_assert_int_eq(socket_connect(place.path), -ENOENT);
    door = open_at(&place);
    ck_assert_msg(door != NULL, "%s", place.why.text);
    ck_assert_int_eq(stat(place.path, &found), 0);
    ck_assert_uint_eq(found.st_mode & 07777u, 0666);
    fd = socket_connect(place.path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    socket_door_close(door);
    ck_assert_int_eq(access(place.path, F_OK), -1);

    place_finish(&place);
}
END_TEST

START_TEST(a_socket_that_was_left_over_is_replaced)
{
    struct place place;
    struct socket_door *door;
    char other[140];

    place_init(&place);
    door = open_at(&place);
    snprintf(other, sizeof(other), "%s.kept", place.path);
    ck_assert_int_eq(rename(place.path, other), 0);
    socket_door_close(door); /* removes nothing that is there */
    ck_assert_int_eq(rename(other, place.path), 0);
    ck_assert_int_eq(socket_connect(place.path), -ECONNREFUSED);

    door = open_at(&place);

    ck_assert_msg(door != NULL, "%s", place.why.text);
    socket_door_close(door);
    place_finish(&place);
}
END_TEST

START_TEST(what_is_in_the_way_stays)
{
    struct place place;
    struct socket_door *door;
    int fd;

    place_init(&place);
    fd = open(place.path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    ck_assert_ptr_null(open_at(&place));
    ck_assert_ptr_nonnull(strstr(place.why.text, "no socket"));
    ck_assert_int_eq(access(place.path, F_OK), 0);
    unlink(place.path);

    door = open_at(&place);
    ck_assert_ptr_null(open_at(&place));
    ck_assert_ptr_nonnull(strstr(place.why.text, "another host"));
    fd = socket_connect(place.path);
    ck_assert_int_ge(fd, 0);
    close(fd);

    socket_door_close(door);
    place_finish(&place);
}
END_TEST

START_TEST(a_place_that_cannot_be_is_refused)
{
    struct place place;

    place_init(&place);

    snprintf(place.path, sizeof(place.path), "%s/no/door", place.folder);
    ck_assert_ptr_null(open_at(&place));
    ck_assert_ptr_nonnull(strstr(place.why.text, "No such file"));
    snprintf(place.path, sizeof(place.path), "%s/", place.folder);
    ck_assert_ptr_null(open_at(&place));
    snprintf(place.path, sizeof(place.path), "/tmp/%0100d", 0);
    ck_assert_ptr_null(open_at(&place));
    ck_assert_ptr_nonnull(strstr(place.why.text, "too long"));

    place_finish(&place);
}
END_TEST

TEST_MAIN("socket", the_host_greets_and_answers,
          a_wrong_line_ends_the_connection, an_asker_may_leave_at_any_time,
          a_question_may_be_dropped, a_socket_is_there_while_its_door_is_open,
          a_socket_that_was_left_over_is_replaced, what_is_in_the_way_stays,
          a_place_that_cannot_be_is_refused)
