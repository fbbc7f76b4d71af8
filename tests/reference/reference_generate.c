/* reference-generate: writes the reference data set, or the exact answers to
 * what may be asked of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/reference/exact.h"
#include "tests/reference/generate.h"

static const char usage[] = "usage: reference-generate DIR          write DIR/small.tsv and "
                            "DIR/large.tsv\n"
                            "       reference-generate --exact      distinct values per column\n"
                            "       reference-generate --exact KEY  the same for each key of the "
                            "column KEY, in key order\n"
                            "Fields are " REFERENCE_FIELDS ", separated by tabs.\n";

static int write_file(const struct reference *reference, const char *dir, const char *name,
                      size_t begin, size_t end)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "reference-generate: cannot open '%s': %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    reference_write(reference, begin, end, file);
    if (fclose(file) != 0) {
        fprintf(stderr, "reference-generate: cannot write '%s': %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static int write_files(const struct reference *reference, const char *dir)
{
    int failed = write_file(reference, dir, "small.tsv", 0, REFERENCE_SMALL_ROWS);
    if (failed != EXIT_SUCCESS)
        return failed;
    return write_file(reference, dir, "large.tsv", REFERENCE_SMALL_ROWS, REFERENCE_ROWS);
}

static int print_totals(const struct exact *exact)
{
    for (size_t column = 0; column < REFERENCE_COLUMNS; column++)
        printf("%s\t%" PRIu32 "\n", reference_columns[column].name, exact->distinct[column]);
    return EXIT_SUCCESS;
}

static int print_groups(const struct reference *reference, const struct exact *exact, size_t key)
{
    uint32_t *counts = exact_group_by(exact, key);
    if (counts == NULL)
        return EXIT_FAILURE;
    for (uint32_t id = 0; id < exact->distinct[key]; id++) {
        fputs(reference_text(reference, exact->rows[key][id], key), stdout);
        for (size_t column = 0; column < REFERENCE_COLUMNS; column++)
            printf("\t%" PRIu32, counts[(size_t)id * REFERENCE_COLUMNS + column]);
        putchar('\n');
    }
    free(counts);
    return EXIT_SUCCESS;
}

static int print_exact(const struct reference *reference, size_t key)
{
    struct exact *exact = exact_new(reference);
    if (exact == NULL)
        return EXIT_FAILURE;
    int status =
        key == REFERENCE_COLUMNS ? print_totals(exact) : print_groups(reference, exact, key);
    free(exact);
    return status;
}

static int run(int argc, char **argv)
{
    struct reference *reference = reference_new();
    if (reference == NULL)
        return EXIT_FAILURE;
    int status = strcmp(argv[1], "--exact") != 0
                     ? write_files(reference, argv[1])
                     : print_exact(reference,
                                   argc == 3 ? reference_find_column(argv[2]) : REFERENCE_COLUMNS);
    reference_free(reference);
    return status;
}

int main(int argc, char **argv)
{
    int exact = argc >= 2 && strcmp(argv[1], "--exact") == 0;
    if (argc < 2 || argc > (exact ? 3 : 2) || (argv[1][0] == '-' && !exact) ||
        (argc == 3 && reference_find_column(argv[2]) == REFERENCE_COLUMNS)) {
        fputs(usage, stderr);
        return 2;
    }
    return run(argc, argv);
}
