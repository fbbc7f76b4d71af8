#include "daemon/server/order.h"

#include "tests/unit/run_suite.h"

#define MANY 256u

START_TEST(order_lets_reads_run_beside_reads)
{
    struct order order = { 0 };

    order_begin(&order, REQUEST_UNION);
    ck_assert_int_eq(order_ask(&order, REQUEST_UNION, MANY), ORDER_GO);
    ck_assert_int_eq(order_ask(&order, REQUEST_SCAN, MANY), ORDER_GO);
    ck_assert_int_eq(order_ask(&order, REQUEST_PING, MANY), ORDER_GO);
}
END_TEST

START_TEST(order_makes_a_write_wait_for_all_before_it)
{
    static const enum request_kind writes[] = { REQUEST_INGEST,       REQUEST_DELETE,
                                                REQUEST_CREATE_TABLE, REQUEST_ALTER_TABLE,
                                                REQUEST_DROP_TABLE,   REQUEST_MERGE,
                                                REQUEST_IMPORT };
    struct order order = { 0 };

    order_begin(&order, REQUEST_UNION);
    order_begin(&order, REQUEST_DESCRIBE_TABLE);
    for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
        ck_assert_int_eq(order_ask(&order, writes[i], MANY), ORDER_WAIT);
    order_end(&order, REQUEST_UNION);
    ck_assert_int_eq(order_ask(&order, REQUEST_DELETE, MANY), ORDER_WAIT);
    order_end(&order, REQUEST_DESCRIBE_TABLE);
    ck_assert_int_eq(order_ask(&order, REQUEST_DELETE, MANY), ORDER_GO);
}
END_TEST

START_TEST(order_makes_everything_wait_for_a_write)
{
    struct order order = { 0 };

    order_begin(&order, REQUEST_DELETE);
    for (int kind = 0; kind <= REQUEST_UNKNOWN; kind++)
        ck_assert_int_eq(order_ask(&order, (enum request_kind)kind, MANY), ORDER_WAIT);
    order_end(&order, REQUEST_DELETE);
    for (int kind = 0; kind <= REQUEST_UNKNOWN; kind++)
        ck_assert_int_eq(order_ask(&order, (enum request_kind)kind, MANY), ORDER_GO);
}
END_TEST

START_TEST(order_is_full_at_max_in_flight)
{
    struct order order = { 0 };

    order_begin(&order, REQUEST_UNION);
    order_begin(&order, REQUEST_UNION);
    ck_assert_int_eq(order_ask(&order, REQUEST_PING, 2), ORDER_FULL);
    ck_assert_int_eq(order_ask(&order, REQUEST_PING, 3), ORDER_GO);
    order_end(&order, REQUEST_UNION);
    ck_assert_int_eq(order_ask(&order, REQUEST_PING, 2), ORDER_GO);
}
END_TEST

START_TEST(order_bounds_large_answers)
{
    struct order order = { 0 };

    for (unsigned i = 0; i < ORDER_LARGE_MAX; i++)
        order_begin(&order, REQUEST_SCAN);
    ck_assert_int_eq(order_ask(&order, REQUEST_SCAN, MANY), ORDER_WAIT);
    ck_assert_int_eq(order_ask(&order, REQUEST_CARDINALITY, MANY), ORDER_WAIT);
    ck_assert_int_eq(order_ask(&order, REQUEST_EXPORT, MANY), ORDER_WAIT);
    ck_assert_int_eq(order_ask(&order, REQUEST_UNION, MANY), ORDER_GO);
    order_end(&order, REQUEST_SCAN);
    ck_assert_int_eq(order_ask(&order, REQUEST_SCAN, MANY), ORDER_GO);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        order_lets_reads_run_beside_reads,
        order_makes_a_write_wait_for_all_before_it,
        order_makes_everything_wait_for_a_write,
        order_is_full_at_max_in_flight,
        order_bounds_large_answers,
    };

    return RUN_SUITE("order", tests);
}
