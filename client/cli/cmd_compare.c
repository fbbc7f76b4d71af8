/* compare: how much two groups of keys overlap. */
#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/arguments.h"
#include "client/cli/cli.h"
#include "client/cli/commands.h"
#include "client/cli/grid.h"
#include "client/cli/json_out.h"

#define SHARE_DECIMALS 6 /* of a Jaccard index */

enum compare_key {
    KEY_A = 0x4000,
    KEY_B,
    KEY_A_PREFIX,
    KEY_B_PREFIX,
};

/* One side: a list of keys, or a prefix. */
struct side {
    cardinal_key *keys;
    size_t count;
    cardinal_key prefix;
    bool has_prefix;
};

struct sides {
    struct side a;
    struct side b;
    size_t room; /* keys that each side has memory for */
};

static bool take_key(const struct sides *sides, struct side *side, char *arg)
{
    cardinal_key key = { arg, 0 };
    if (!argument_bytes(arg, &key.len))
        return false;
    if (side->count < sides->room)
        side->keys[side->count++] = key;
    return true;
}

static bool take_prefix(struct side *side, char *arg)
{
    side->has_prefix = true;
    side->prefix.data = arg;
    return argument_bytes(arg, &side->prefix.len);
}

static bool take(int key, char *arg, void *input)
{
    struct sides *sides = input;
    switch (key) {
    case KEY_A:
        return take_key(sides, &sides->a, arg);
    case KEY_B:
        return take_key(sides, &sides->b, arg);
    case KEY_A_PREFIX:
        return take_prefix(&sides->a, arg);
    default:
        return take_prefix(&sides->b, arg);
    }
}

/* Writes `--a K1 K2` as `--a K1 --a K2`, which argp understands: a word that follows a
 * key of a side, and begins with no dash, is one more of them. out has room for
 * 2 * argc words. */
static int spread_lists(int argc, char **argv, char **out)
{
    char *side = NULL;
    int n = 0;
    for (int i = 0; i < argc; i++) {
        bool opens = strcmp(argv[i], "--a") == 0 || strcmp(argv[i], "--b") == 0;
        if (opens && i + 1 < argc) {
            side = argv[i];
            out[n++] = argv[i++];
        } else if (side != NULL && argv[i][0] != '-') {
            out[n++] = side;
        } else {
            side = NULL;
        }
        out[n++] = argv[i];
    }
    return n;
}

static bool check_side(const struct side *side, const char *name)
{
    if (side->count > 0 && side->has_prefix)
        complain("compare: --%s and --%s-prefix exclude one another", name, name);
    else if (side->count == 0 && !side->has_prefix)
        complain("compare: which keys? --%s KEY.. or --%s-prefix P is needed", name, name);
    else
        return true;
    return false;
}

static cardinal_selector side_selector(const struct side *side)
{
    return side->has_prefix ? cardinal_select_prefix(side->prefix.data, side->prefix.len)
                            : cardinal_select_keys(side->keys, side->count);
}

static const struct {
    const char *name;
    const char *error_name;
    const char *text;
    size_t at; /* in cardinal_overlap */
} rows[] = {
    { "a", "a_error", "a", offsetof(cardinal_overlap, a) },
    { "b", "b_error", "b", offsetof(cardinal_overlap, b) },
    { "union", "union_error", "in either", offsetof(cardinal_overlap, both) },
    { "intersection", "intersection_error", "in both", offsetof(cardinal_overlap, common) },
    { "a_minus_b", "a_minus_b_error", "in a alone", offsetof(cardinal_overlap, only_a) },
    { "b_minus_a", "b_minus_a_error", "in b alone", offsetof(cardinal_overlap, only_b) },
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

static cardinal_quantity quantity_of(const cardinal_overlap *overlap, size_t row)
{
    cardinal_quantity quantity;
    memcpy(&quantity, (const char *)overlap + rows[row].at, sizeof quantity);
    return quantity;
}

static bool print_json(const cardinal_overlap *overlap)
{
    struct json json = json_begin();
    json_uint(&json, "keys_a", overlap->keys_a);
    json_uint(&json, "keys_b", overlap->keys_b);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        cardinal_quantity quantity = quantity_of(overlap, i);
        json_estimate(&json, rows[i].name, quantity.value);
        json_estimate(&json, rows[i].error_name, quantity.error);
    }
    json_fixed(&json, "jaccard", overlap->jaccard.value, SHARE_DECIMALS);
    json_fixed(&json, "jaccard_error", overlap->jaccard.error, SHARE_DECIMALS);
    json_bool(&json, "below_noise", overlap->below_noise);
    json_bool(&json, "tokens", overlap->tokens);
    return json_end(&json, stdout);
}

static void grid_share(struct grid *grid, double share)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%.4f", share);
    grid_text(grid, text);
}

static bool print_grid(const cardinal_overlap *overlap)
{
    struct grid *grid = grid_new(stdout, 3);
    if (grid == NULL)
        return false;
    grid_text(grid, "");
    grid_text(grid, "distinct");
    grid_text(grid, "standard error");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        cardinal_quantity quantity = quantity_of(overlap, i);
        grid_text(grid, rows[i].text);
        grid_estimate(grid, quantity.value);
        grid_estimate(grid, quantity.error);
    }
    grid_text(grid, "jaccard");
    grid_share(grid, overlap->jaccard.value);
    grid_share(grid, overlap->jaccard.error);
    bool done = grid_end(grid);
    if (overlap->below_noise)
        (void)puts("the overlap is below the noise: it may be none at all");
    return done;
}

static enum exit_status compare(struct cli *cli, const struct positional *words,
                                const struct sides *sides)
{
    cardinal_selector a = side_selector(&sides->a);
    cardinal_selector b = side_selector(&sides->b);
    cardinal_overlap overlap;
    enum exit_status result = cli_connect(cli);
    if (result != EXIT_DONE)
        return result;
    cardinal_status status =
        cardinal_compare(cli->client, words->at[0], words->at[1], &a, &b, &overlap);
    if (status != CARDINAL_OK)
        return cli_failed(cli, status);
    bool done = cli->json ? print_json(&overlap) : print_grid(&overlap);
    return done ? EXIT_DONE : cli_no_memory();
}

int compare_main(struct cli *cli, const struct command *command, int argc, char **argv)
{
    static const struct argp_option options[] = {
        { "a", KEY_A, "KEY..", 0, "Keys of one group", 0 },
        { "b", KEY_B, "KEY..", 0, "Keys of the other", 0 },
        { "a-prefix", KEY_A_PREFIX, "P", 0, "One group: keys that begin with P", 0 },
        { "b-prefix", KEY_B_PREFIX, "P", 0, "The other: keys that begin with P", 0 },
        { 0 },
    };
    struct sides sides = { .room = (size_t)argc };
    const struct arguments_spec spec = { options, take, &sides, 2, 2 };
    struct positional words;
    char **spread = calloc(2 * (size_t)argc + 1, sizeof *spread);
    sides.a.keys = calloc(sides.room, sizeof *sides.a.keys);
    sides.b.keys = calloc(sides.room, sizeof *sides.b.keys);
    enum exit_status result = EXIT_USAGE;
    if (spread == NULL || sides.a.keys == NULL || sides.b.keys == NULL)
        result = cli_no_memory();
    else if (arguments_parse(cli, command, &spec, spread_lists(argc, argv, spread), spread,
                             &words) &&
             check_side(&sides.a, "a") && check_side(&sides.b, "b"))
        result = compare(cli, &words, &sides);
    free(spread);
    free(sides.a.keys);
    free(sides.b.keys);
    return (int)result;
}
