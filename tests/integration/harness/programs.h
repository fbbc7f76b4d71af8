/* The programs under test, where the build put them. */
#ifndef CARDINAL_TESTS_PROGRAMS_H
#define CARDINAL_TESTS_PROGRAMS_H

#define PROGRAM_CARDINALD CARDINAL_TESTS_BIN "/cardinald"
#define PROGRAM_CARDINAL CARDINAL_TESTS_BIN "/cardinal"
#define PROGRAM_BENCH CARDINAL_TESTS_BIN "/cardinal-bench"
#define PROGRAM_REFERENCE_GENERATE CARDINAL_TESTS_BIN "/reference-generate"

#endif
