#include "client/lib/fault.h"

#include <stdarg.h>
#include <stdio.h>

#include "proto/status.h"

#define SAME(name, number, text) _Static_assert((int)CARDINAL_##name == (number), #name);
STATUS_MAP(SAME)
#undef SAME

static const char *const local_texts[] = {
    [-CARDINAL_ERR_USAGE] = "wrong use of the library",
    [-CARDINAL_ERR_MEMORY] = "out of memory",
    [-CARDINAL_ERR_ADDRESS] = "bad address",
    [-CARDINAL_ERR_CONNECT] = "cannot connect",
    [-CARDINAL_ERR_TIMEOUT] = "timed out",
    [-CARDINAL_ERR_LOST] = "connection lost before the answer",
    [-CARDINAL_ERR_PROTOCOL] = "protocol error",
    [-CARDINAL_ERR_FULL] = "batch is full",
};

#define LOCAL_COUNT ((int)(sizeof local_texts / sizeof local_texts[0]))

const char *cardinal_status_text(cardinal_status status)
{
    int number = (int)status;
    if (number < 0)
        return number > -LOCAL_COUNT ? local_texts[-number] : "unknown status";
    return status_text(number);
}

bool cardinal_status_is_server(cardinal_status status)
{
    return (int)status >= 0;
}

const char *cardinal_version(void)
{
    return CARDINAL_VERSION;
}

cardinal_status fault_set(struct fault *fault, cardinal_status status, const char *format, ...)
{
    va_list args;
    fault->status = status;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return status;
}

cardinal_status fault_nomem(struct fault *fault)
{
    return fault_set(fault, CARDINAL_ERR_MEMORY, "out of memory");
}

cardinal_status fault_status_from_wire(int number)
{
    if (number < 0 || (unsigned)number >= STATUS_COUNT)
        return CARDINAL_INTERNAL;
    return (cardinal_status)number;
}
