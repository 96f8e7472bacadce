#include "host/guest/note.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/plain/mem.h"

#if defined(__x86_64__)
#    define MACHINE EM_X86_64
#elif defined(__aarch64__)
#    define MACHINE EM_AARCH64
#elif defined(__riscv)
#    define MACHINE EM_RISCV
#elif defined(__powerpc64__)
#    define MACHINE EM_PPC64
#elif defined(__s390x__)
#    define MACHINE EM_S390
#else
#    define MACHINE EM_NONE /* a machine without a number here reads none */
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#    define BYTE_ORDER_HERE ELFDATA2LSB
#else
#    define BYTE_ORDER_HERE ELFDATA2MSB
#endif

#define HEADERS_LIMIT 64 /* program headers; real modules have about ten */

/* An open file of a known size. */
struct file {
    int fd;
    uint64_t size;
    struct str *why;
};

/* Exactly `size` bytes at `offset`, or a refusal that names `what`. */
static bool read_at(const struct file *f, void *into, uint64_t offset,
                    uint64_t size, const char *what)
{
    if (offset > f->size || size > f->size - offset) {
        str_addf(f->why,
                 "the file is cut off: wanted %s up to byte %" PRIu64
                 ", found %" PRIu64 " bytes",
                 what, offset + size, f->size);
        return false;
    }

    uint64_t done = 0;

    while (done < size) {
        ssize_t n = pread(f->fd, (char *)into + done, size - done,
                          (off_t)(offset + done));

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            str_addf(f->why, "cannot read %s: %s", what,
                     n < 0 ? strerror(errno) : "the file was cut meanwhile");
            return false;
        }
        done += (uint64_t)n;
    }
    return true;
}

static bool wants(struct str *why, const char *field, unsigned wanted,
                  unsigned found)
{
    if (wanted != found) {
        str_addf(why, "ELF %s: wanted %u, found %u", field, wanted, found);
        return false;
    }
    return true;
}

static bool header_is_ours(const Elf64_Ehdr *h, struct str *why)
{
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0) {
        str_add_text(why, "wanted an ELF file, found ");
        str_add_quoted(why, h->e_ident, SELFMAG);
        return false;
    }
    if (!wants(why, "class", ELFCLASS64, h->e_ident[EI_CLASS]) ||
        !wants(why, "byte order", BYTE_ORDER_HERE, h->e_ident[EI_DATA]) ||
        !wants(why, "machine", MACHINE, h->e_machine) ||
        !wants(why, "type (3 is a shared object)", ET_DYN, h->e_type) ||
        !wants(why, "size of a program header", sizeof(Elf64_Phdr),
               h->e_phentsize)) {
        return false;
    }
    if (h->e_phnum == 0 || h->e_phnum > HEADERS_LIMIT) {
        str_addf(why, "ELF program headers: wanted 1 to %d, found %u",
                 HEADERS_LIMIT, h->e_phnum);
        return false;
    }
    return true;
}

static uint64_t padded(uint64_t n)
{
    return (n + 3) & ~UINT64_C(3);
}

/* Looks through the notes of one segment. 1 found, 0 not here, -1 refused. */
static int search(const unsigned char *p, uint64_t size, struct str *json,
                  struct str *why)
{
    while (size >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr n;

        memcpy(&n, p, sizeof(n));
        p += sizeof(n);
        size -= sizeof(n);

        uint64_t name = padded(n.n_namesz);
        uint64_t text = padded(n.n_descsz);

        if (name > size || text > size - name) {
            str_addf(why,
                     "ELF note: wanted at most %" PRIu64
                     " bytes, found %" PRIu64,
                     size, name + text);
            return -1;
        }
        if (n.n_type == 1 && n.n_namesz == 5 && memcmp(p, "haft", 5) == 0) {
            str_add(json, p + name, n.n_descsz);
            return 1;
        }
        p += name + text;
        size -= name + text;
    }
    return 0;
}

static int read_segment(const struct file *f, const Elf64_Phdr *h,
                        struct str *json)
{
    if (h->p_filesz > NOTE_LIMIT) {
        str_addf(f->why,
                 "ELF note segment: wanted at most %u bytes, found %" PRIu64,
                 NOTE_LIMIT, (uint64_t)h->p_filesz);
        return -1;
    }

    unsigned char *bytes = mem_new(h->p_filesz + 1, 1);
    int found = -1;

    if (read_at(f, bytes, h->p_offset, h->p_filesz, "the notes")) {
        found = search(bytes, h->p_filesz, json, f->why);
    }
    mem_free(bytes);
    return found;
}

/* Whether what would be mapped is there: to touch a page behind the end of the
 * file kills the process. */
static bool is_whole(const struct file *f, const Elf64_Phdr *segments,
                     unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const Elf64_Phdr *s = &segments[i];

        if (s->p_type == PT_LOAD &&
            (s->p_offset > f->size || s->p_filesz > f->size - s->p_offset)) {
            str_addf(f->why,
                     "the file is cut off: wanted code and data up to byte "
                     "%" PRIu64 ", found %" PRIu64 " bytes",
                     s->p_offset + s->p_filesz, f->size);
            return false;
        }
    }
    return true;
}

bool note_read(int fd, struct str *json, struct str *why)
{
    struct stat st;
    Elf64_Ehdr header;
    Elf64_Phdr segments[HEADERS_LIMIT] = {0};

    if (fstat(fd, &st) < 0) {
        str_addf(why, "cannot look at it: %s", strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        str_add_text(why, "wanted a regular file, found something else");
        return false;
    }

    struct file f = {fd, (uint64_t)st.st_size, why};

    if (!read_at(&f, &header, 0, sizeof(header), "the ELF header") ||
        !header_is_ours(&header, why) ||
        !read_at(&f, segments, header.e_phoff,
                 header.e_phnum * sizeof(segments[0]), "the program headers")) {
        return false;
    }
    for (unsigned i = 0; i < header.e_phnum; i++) {
        int found = segments[i].p_type == PT_NOTE
                        ? read_segment(&f, &segments[i], json)
                        : 0;

        if (found != 0) {
            return found > 0 && is_whole(&f, segments, header.e_phnum);
        }
    }
    str_add_text(why, "wanted a note named haft (HAFT_MODULE makes it), "
                      "found none: this is no haft module");
    return false;
}
