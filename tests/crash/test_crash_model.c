#include "tests/crash/model.h"

#include <check.h>

#include "tests/unit/run_suite.h"

static struct model *model;

static const struct add one = { .key = 3, .column = 1, .value = 7 };
static const struct add other = { .key = 4, .column = 0, .value = 7 };

static struct adds send_add(const struct add *add)
{
    struct adds adds = { .table = 0, .count = 1, .at = { *add } };
    model_adds_sent(model, &adds);
    return adds;
}

static void add(const struct add *what, enum answer answer)
{
    struct adds adds = send_add(what);
    model_adds_answered(model, &adds, answer);
}

static struct deletion send_delete(const struct add *of)
{
    struct deletion deletion = { .table = 0, .count = 1, .keys = { of->key } };
    model_deletion_sent(model, &deletion);
    return deletion;
}

static enum holds holds(const struct add *what)
{
    return model_holds(model, 0, what);
}

static void begin(void)
{
    model = model_new();
    ck_assert_ptr_nonnull(model);
}

static void end(void)
{
    model_free(model);
}

START_TEST(model_demands_what_was_answered_as_durable)
{
    begin();
    add(&one, ANSWER_DURABLE);
    model_crashed(model);
    ck_assert_int_eq(holds(&one), HOLDS_SURELY);
    ck_assert_int_eq(holds(&other), HOLDS_NOT);
    end();
}
END_TEST

START_TEST(model_allows_what_was_not_answered_as_durable)
{
    begin();
    add(&one, ANSWER_MEMORY);
    (void)send_add(&other);
    model_crashed(model);
    ck_assert_int_eq(holds(&one), HOLDS_MAYBE);
    ck_assert_int_eq(holds(&other), HOLDS_MAYBE);
    end();
}
END_TEST

START_TEST(model_allows_what_was_refused)
{
    begin();
    add(&one, ANSWER_REFUSED);
    ck_assert_int_eq(holds(&one), HOLDS_MAYBE);
    end();
}
END_TEST

START_TEST(model_demands_what_a_later_durable_answer_covers)
{
    begin();
    add(&one, ANSWER_MEMORY);
    struct adds late = send_add(&other); /* before the durable one is sent, not answered yet */
    add(&other, ANSWER_DURABLE);
    model_adds_answered(model, &late, ANSWER_MEMORY);
    model_crashed(model);
    ck_assert_int_eq(holds(&one), HOLDS_SURELY);
    end();
}
END_TEST

START_TEST(model_does_not_demand_what_was_answered_after_the_durable_one_was_sent)
{
    begin();
    struct adds adds = send_add(&one);
    struct adds durable = send_add(&other);
    model_adds_answered(model, &adds, ANSWER_MEMORY);
    model_adds_answered(model, &durable, ANSWER_DURABLE);
    model_crashed(model);
    ck_assert_int_eq(holds(&one), HOLDS_MAYBE);
    end();
}
END_TEST

START_TEST(model_does_not_let_a_durable_answer_cover_what_an_earlier_crash_took)
{
    begin();
    add(&one, ANSWER_MEMORY);
    model_crashed(model);
    add(&other, ANSWER_DURABLE);
    ck_assert_int_eq(holds(&one), HOLDS_MAYBE);
    end();
}
END_TEST

START_TEST(model_forbids_what_was_deleted)
{
    begin();
    add(&one, ANSWER_DURABLE);
    struct deletion deletion = send_delete(&one);
    model_deletion_answered(model, &deletion, true);
    model_crashed(model);
    ck_assert_int_eq(holds(&one), HOLDS_NOT);
    add(&one, ANSWER_DURABLE);
    ck_assert_int_eq(holds(&one), HOLDS_SURELY);
    end();
}
END_TEST

START_TEST(model_leaves_open_what_an_unanswered_delete_met)
{
    begin();
    add(&one, ANSWER_DURABLE);
    (void)send_delete(&one);
    ck_assert_int_eq(holds(&one), HOLDS_MAYBE);
    model_crashed(model);
    ck_assert_int_eq(holds(&one), HOLDS_MAYBE);
    add(&one, ANSWER_DURABLE);
    ck_assert_int_eq(holds(&one), HOLDS_SURELY);
    end();
}
END_TEST

START_TEST(model_leaves_open_an_add_that_met_a_delete)
{
    begin();
    struct adds adds = send_add(&one);
    struct deletion deletion = send_delete(&one);
    model_adds_answered(model, &adds, ANSWER_DURABLE);
    model_deletion_answered(model, &deletion, true);
    ck_assert_int_eq(holds(&one), HOLDS_MAYBE);
    end();
}
END_TEST

START_TEST(model_forbids_after_a_crash_what_is_deleted_then)
{
    begin();
    (void)send_add(&one);
    model_crashed(model);
    struct deletion deletion = send_delete(&one);
    model_deletion_answered(model, &deletion, true);
    ck_assert_int_eq(holds(&one), HOLDS_NOT);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        model_demands_what_was_answered_as_durable,
        model_allows_what_was_not_answered_as_durable,
        model_allows_what_was_refused,
        model_demands_what_a_later_durable_answer_covers,
        model_does_not_demand_what_was_answered_after_the_durable_one_was_sent,
        model_does_not_let_a_durable_answer_cover_what_an_earlier_crash_took,
        model_forbids_what_was_deleted,
        model_leaves_open_what_an_unanswered_delete_met,
        model_leaves_open_an_add_that_met_a_delete,
        model_forbids_after_a_crash_what_is_deleted_then,
    };
    return RUN_SUITE("crash_model", tests);
}
