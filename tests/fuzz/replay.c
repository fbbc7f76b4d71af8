/* Runs a fuzz target over every file of the corpora named as arguments: the
 * main of fuzz targets in builds without libFuzzer. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (1u << 20) /* bytes of a corpus file */

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot open '%s': %s\n", path, strerror(errno));
        return -1;
    }
    static uint8_t bytes[INPUT_MAX];
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    /* In memory of the exact size, so that a sanitizer sees a read past it. */
    uint8_t *input = malloc(len + (len == 0));
    if (input == NULL)
        return -1;
    memcpy(input, bytes, len);
    LLVMFuzzerTestOneInput(input, len);
    free(input);
    return 0;
}

/* How many files were run, or -1. */
static int run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    int ran = 0;
    if (dir == NULL) {
        fprintf(stderr, "cannot open '%s': %s\n", folder, strerror(errno));
        return -1;
    }
    for (struct dirent *entry; ran >= 0 && (entry = readdir(dir)) != NULL;) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        ran = run_file(path) == 0 ? ran + 1 : -1;
    }
    closedir(dir);
    return ran;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int ran = run_folder(argv[i]);
        if (ran < 0)
            return EXIT_FAILURE;
        total += ran;
    }
    printf("%d inputs\n", total);
    return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
