#include "client/bench/workload.h"

#include <endian.h>
#include <string.h>

static const char *const names[] = {
    [WORKLOAD_HOT] = "hot",         [WORKLOAD_MANY] = "many",   [WORKLOAD_WIDE] = "wide",
    [WORKLOAD_GROUPED] = "grouped", [WORKLOAD_POINT] = "point", [WORKLOAD_UNION] = "union",
    [WORKLOAD_SCAN] = "scan",       [WORKLOAD_MIXED] = "mixed",
};

const char *workload_name(enum workload_kind kind)
{
    return names[kind];
}

bool workload_parse(const char *name, enum workload_kind *out)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum workload_kind)i;
            return true;
        }
    }
    return false;
}

bool workload_asks(enum workload_kind kind)
{
    return kind == WORKLOAD_POINT || kind == WORKLOAD_UNION || kind == WORKLOAD_SCAN;
}

bool workload_has_rows(enum workload_kind kind)
{
    return kind == WORKLOAD_WIDE || kind == WORKLOAD_GROUPED;
}

/* The eight hexadecimal digits of a number, all at once: its half-bytes are moved apart, and each
 * has '0' added, or what is missing to 'a' if it is 10 or more. */
static uint64_t hex_digits(uint32_t number)
{
    uint64_t x = number;
    x = (x & 0xffff0000) << 16 | (x & 0x0000ffff);
    x = (x & UINT64_C(0x0000ff000000ff00)) << 8 | (x & UINT64_C(0x000000ff000000ff));
    x = (x & UINT64_C(0x00f000f000f000f0)) << 4 | (x & UINT64_C(0x000f000f000f000f));
    uint64_t letters = (x + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    return htobe64(x + UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10));
}

void workload_key(char key[WORKLOAD_KEY_BYTES], uint32_t rank)
{
    uint64_t digits = hex_digits(rank);
    memcpy(key, "key-", 4);
    memcpy(key + 4, &digits, sizeof digits);
}

static void set_key(struct event *event, uint32_t rank)
{
    event->rank = rank;
    workload_key(event->key, rank);
}

static void set_value(struct event *event, uint64_t number)
{
    uint64_t words[2] = { number, ~number };
    event->number = number;
    memcpy(event->value, words, sizeof words);
}

/* Values of one row, which are not parted between generators. */
static uint32_t row_values(const struct workload *workload)
{
    return workload_has_rows(workload->kind) ? workload->columns : 1;
}

void workload_fill(const struct workload *workload, uint32_t rank, uint32_t index,
                   struct event *event)
{
    event->column = 0;
    set_key(event, rank);
    set_value(event, (uint64_t)rank * workload->per_key + index);
}

void generator_begin(struct generator *generator, const struct workload *workload, uint32_t index,
                     uint32_t count)
{
    uint64_t rows = workload->values / row_values(workload);
    *generator = (struct generator){
        .workload = workload,
        .random = { workload->seed ^ (UINT64_C(0x9e3779b97f4a7c15) * (index + 1)) },
        .left = (rows / count + (index < rows % count ? 1 : 0)) * row_values(workload),
        .row = index,
        .stride = count,
        .drawn = ZIPF_BLOCK,
    };
    set_key(&generator->event, 0);
}

static uint32_t next_rank(struct generator *generator)
{
    if (generator->drawn == ZIPF_BLOCK) {
        zipf_draw(generator->workload->zipf, &generator->random, generator->ranks);
        generator->drawn = 0;
    }
    return generator->ranks[generator->drawn++];
}

static void next_of_row(struct generator *generator)
{
    const struct workload *workload = generator->workload;
    struct event *event = &generator->event;
    if (generator->column == 0) {
        uint64_t keys = workload->kind == WORKLOAD_WIDE ? UINT64_C(1) << 32 : workload->keys;
        set_key(event, (uint32_t)(generator->row % keys));
    }
    event->column = generator->column;
    set_value(event, generator->row * workload->columns + generator->column);
    if (++generator->column == workload->columns) {
        generator->column = 0;
        generator->row += generator->stride;
    }
}

bool generator_next(struct generator *generator)
{
    const struct workload *workload = generator->workload;
    if (generator->left == 0)
        return false;
    generator->left--;
    switch (workload->kind) {
    case WORKLOAD_HOT:
        set_value(&generator->event, generator->row);
        generator->row += generator->stride;
        break;
    case WORKLOAD_MANY:
    case WORKLOAD_POINT:
    case WORKLOAD_MIXED:
        set_key(&generator->event, next_rank(generator));
        set_value(&generator->event, random_below(&generator->random, workload->values));
        break;
    case WORKLOAD_WIDE:
    case WORKLOAD_GROUPED:
        next_of_row(generator);
        break;
    case WORKLOAD_UNION:
    case WORKLOAD_SCAN:
        set_key(&generator->event, (uint32_t)random_below(&generator->random, workload->keys));
        break;
    }
    return true;
}
