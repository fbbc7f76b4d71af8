#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/load_plan.h"
#include "client/cli/records.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/run_suite.h"

static struct load_plan plan;
static struct load_value values[8];

static void make(const char *fields, const char *key, const char *columns)
{
    struct fault fault = { .text = "" };
    ck_assert_msg(load_plan_init(&plan, fields, key, columns, "\\N", &fault) == LOAD_PLAN_OK, "%s",
                  fault.text);
    ck_assert_uint_le(plan.column_count, 8);
}

static void assert_invalid(const char *fields, const char *key, const char *columns,
                           const char *text)
{
    struct fault fault;
    ck_assert_int_eq(load_plan_init(&plan, fields, key, columns, "\\N", &fault), LOAD_PLAN_INVALID);
    ck_assert_str_eq(fault.text, text);
}

static bool read_row(const char *const *texts, size_t count, struct load_row *row,
                     struct fault *fault)
{
    static struct field fields[8];
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct field){ texts[i], strlen(texts[i]) };
    row->values = values;
    return load_plan_read(&plan, &(struct record){ fields, 12 }, row, fault);
}

static void assert_bad_row(const char *const *texts, size_t count, const char *why)
{
    struct load_row row;
    struct fault fault;
    ck_assert(!read_row(texts, count, &row, &fault));
    ck_assert_uint_eq(fault.line, 12);
    ck_assert_str_eq(fault.text, why);
}

START_TEST(plan_without_columns_takes_every_field_as_strings)
{
    make("a,b,c", "b", NULL);
    ck_assert_uint_eq(plan.key_field, 1);
    ck_assert_uint_eq(plan.column_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(plan.column_names[i], plan.fields.at[i]);
        ck_assert_uint_eq(plan.columns[i].field, i);
        ck_assert_int_eq(plan.columns[i].type, VALUE_STRING);
    }
    load_plan_release(&plan);
}
END_TEST

START_TEST(plan_maps_fields_to_columns_with_types)
{
    make("a,b", "a", "x=b,y=a:int,z=b:double,s=a:string");
    ck_assert_uint_eq(plan.column_count, 4);
    ck_assert_str_eq(plan.column_names[0], "x");
    ck_assert_uint_eq(plan.columns[0].field, 1);
    ck_assert_int_eq(plan.columns[0].type, VALUE_STRING);
    ck_assert_str_eq(plan.column_names[1], "y");
    ck_assert_uint_eq(plan.columns[1].field, 0);
    ck_assert_int_eq(plan.columns[1].type, VALUE_INT);
    ck_assert_int_eq(plan.columns[2].type, VALUE_DOUBLE);
    ck_assert_int_eq(plan.columns[3].type, VALUE_STRING);
    load_plan_release(&plan);
}
END_TEST

START_TEST(plan_refuses_what_makes_no_sense)
{
    assert_invalid("a,,b", "a", NULL, "--fields: an empty name in 'a,,b'");
    assert_invalid("a,b,a", "a", NULL, "--fields names 'a' twice");
    assert_invalid("a,b", "c", NULL, "--key: no field 'c' among --fields");
    assert_invalid("a,b", "a", "", "--columns: an empty name in ''");
    assert_invalid("a,b", "a", "x", "--columns: 'x' is not of the form COLUMN=FIELD[:TYPE]");
    assert_invalid("a,b", "a", "=a", "--columns: '' is not of the form COLUMN=FIELD[:TYPE]");
    assert_invalid("a,b", "a", "x=", "--columns: 'x' is not of the form COLUMN=FIELD[:TYPE]");
    assert_invalid("a,b", "a", "x=c", "--columns: no field 'c' among --fields");
    assert_invalid("a,b", "a", "x=a:text",
                   "--columns: 'text' is no type: string, int and double are");
    assert_invalid("a,b", "a", "x=a,x=b", "--columns names 'x' twice");
}
END_TEST

START_TEST(plan_refuses_more_columns_than_a_table_has)
{
    char text[257 * 5];
    size_t len = 0;
    for (int i = 0; i < 257; i++)
        len += (size_t)sprintf(text + len, "%sf%d", i == 0 ? "" : ",", i);
    assert_invalid(text, "f0", NULL, "257 columns: a table has 256 at most");
}
END_TEST

START_TEST(plan_reads_values_of_each_type)
{
    const char *const texts[] = { "k", "-5", "0.25", "s" };
    struct load_row row;
    struct fault fault;
    make("k,i,d,s", "k", "i=i:int,d=d:double,s=s");
    ck_assert(read_row(texts, 4, &row, &fault));
    ck_assert_uint_eq(row.key_len, 1);
    ck_assert_mem_eq(row.key, "k", 1);
    ck_assert(values[0].present && values[1].present && values[2].present);
    ck_assert_int_eq(values[0].as.integer, -5);
    ck_assert_double_eq(values[1].as.real, 0.25);
    ck_assert_mem_eq(values[2].as.string.bytes, "s", 1);
    load_plan_release(&plan);
}
END_TEST

START_TEST(plan_counts_empty_strings_but_not_nulls)
{
    const char *const texts[] = { "", "\\N", "" };
    struct load_row row;
    struct fault fault;
    make("k,a,b", "k", "a=a:int,b=b");
    ck_assert(read_row(texts, 3, &row, &fault));
    ck_assert_uint_eq(row.key_len, 0);
    ck_assert(!values[0].present);
    ck_assert(values[1].present);
    ck_assert_uint_eq(values[1].as.string.len, 0);
    load_plan_release(&plan);
}
END_TEST

START_TEST(plan_tells_what_is_no_number)
{
    const char *const word[] = { "k", "abc\t" };
    const char *const nothing[] = { "k", "" };
    const char *const far[] = { "k", "9223372036854775808" };
    const char *const endless[] = { "k", "x23456789012345678901234567890123456789012345" };
    make("k,n", "k", "n=n:int");
    assert_bad_row(word, 2, "field 'n': 'abc\\t' is not a number of type int");
    assert_bad_row(nothing, 2, "field 'n': '' is not a number of type int");
    assert_bad_row(far, 2,
                   "field 'n': '9223372036854775808' is not a number in the range of type int");
    assert_bad_row(endless, 2,
                   "field 'n': 'x234567890123456789012345678901234567890..' is not a number of "
                   "type int");
    load_plan_release(&plan);
    make("k,n", "k", "n=n:double");
    assert_bad_row(word, 2, "field 'n': 'abc\\t' is not a number of type double");
    load_plan_release(&plan);
}
END_TEST

START_TEST(plan_refuses_keys_that_are_null_or_too_long)
{
    char key[1026];
    const char *const null_key[] = { "\\N" };
    const char *const long_key[] = { key };
    struct load_row row;
    struct fault fault;
    memset(key, 'k', 1025);
    key[1025] = '\0';
    make("k", "k", NULL);
    assert_bad_row(null_key, 1, "the key is NULL");
    assert_bad_row(long_key, 1, "key too long: 1025 bytes, 1024 at most");
    key[1024] = '\0';
    ck_assert(read_row(long_key, 1, &row, &fault));
    load_plan_release(&plan);
}
END_TEST

START_TEST(plan_survives_failing_allocations)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct load_plan made = { 0 };
        struct fault fault;
        failing_alloc_arm(n);
        enum load_plan_result result =
            load_plan_init(&made, "a,b", "a", "x=a:int,y=b", "\\N", &fault);
        failed = failing_alloc_disarm();
        ck_assert_int_eq(result, failed ? LOAD_PLAN_NO_MEMORY : LOAD_PLAN_OK);
        ck_assert(!failed || made.fields.text == NULL);
        load_plan_release(&made);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        plan_without_columns_takes_every_field_as_strings,
        plan_maps_fields_to_columns_with_types,
        plan_refuses_what_makes_no_sense,
        plan_refuses_more_columns_than_a_table_has,
        plan_reads_values_of_each_type,
        plan_counts_empty_strings_but_not_nulls,
        plan_tells_what_is_no_number,
        plan_refuses_keys_that_are_null_or_too_long,
        plan_survives_failing_allocations,
    };
    return RUN_SUITE("load_plan", tests);
}
