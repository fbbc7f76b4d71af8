/* estimated: what a sketch says of the number of its values. */
#ifndef CARDINAL_SKETCH_ESTIMATED_H
#define CARDINAL_SKETCH_ESTIMATED_H

/* How many distinct values there are, and how sure that is. */
struct estimate {
    double value;
    double rse; /* relative standard error: 0.0065 is 0.65 % */
};

#endif
