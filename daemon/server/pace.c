#include "daemon/server/pace.h"

#define RECOVERY 0.125f /* how much of a faster pace is believed at a time */
#define FASTEST_NS 0.01f
#define SLOWEST 16.0f /* times the pace: more is taken for a pause of the thread */

void pace_note(struct pace *pace, uint64_t units, uint64_t ns)
{
    float seen = (float)ns / (float)units;

    if (units == 0)
        return;
    if (seen > pace->ns * SLOWEST)
        seen = pace->ns * SLOWEST;
    pace->ns += seen > pace->ns ? (seen - pace->ns) / 2 : (seen - pace->ns) * RECOVERY;
    if (pace->ns < FASTEST_NS)
        pace->ns = FASTEST_NS;
}

uint32_t pace_fit(const struct pace *pace, uint64_t ns, uint32_t least, uint32_t most)
{
    float fit = (float)ns / pace->ns;

    if (fit >= (float)most)
        return most;
    return fit > (float)least ? (uint32_t)fit : least;
}
