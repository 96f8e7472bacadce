/* A main for a fuzz target: hands it every file of its corpus once.
 *
 * Without arguments, the program fuzz_NOUN reads the folder
 * $HAFT_SRCDIR/tests/fuzz/corpus/NOUN; with arguments, the files they name,
 * which is how a finding of the fuzzer is looked at under a debugger. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The fuzzer hands over exactly `size` bytes, so that a sanitizer sees the
 * first one read beyond; this does the same. */
static void replay_bytes(const uint8_t *bytes, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);

    if (!exact) {
        perror("replay");
        exit(1);
    }
    memcpy(exact, bytes, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void replay_file(const char *path)
{
    uint8_t *bytes = malloc(FILE_LIMIT);
    FILE *file = fopen(path, "rb");
    size_t size;

    if (!file || !bytes) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    size = fread(bytes, 1, FILE_LIMIT, file);
    if (ferror(file) || !feof(file)) {
        fprintf(stderr, "replay: %s: unreadable or over %zu bytes\n", path,
                FILE_LIMIT);
        exit(1);
    }
    fclose(file);
    replay_bytes(bytes, size);
    free(bytes);
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    int count = 0;

    if (!dir) {
        fprintf(stderr, "replay: %s: %s\n", folder, strerror(errno));
        exit(1);
    }
    for (entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[4096];

        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        replay_file(path);
        count++;
    }
    closedir(dir);
    return count;
}

/* The part of "…/fuzz_NOUN" that names the corpus. */
static const char *name_corpus(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;

    return strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
}

int main(int argc, char **argv)
{
    const char *top = getenv("HAFT_SRCDIR");
    char folder[2048];
    int count;

    if (argc > 1) {
        for (int i = 1; i < argc; i++) {
            replay_file(argv[i]);
        }
        return 0;
    }
    snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".",
             name_corpus(argv[0]));
    count = replay_folder(folder);
    printf("%s: %d inputs\n", folder, count);
    return count > 0 ? 0 : 1;
}
