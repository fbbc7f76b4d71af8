#include "daemon/server/burial.h"

#include <stdlib.h>
#include <uv.h>

#include "daemon/server/loop.h"

struct burial {
    uv_work_t work;
    struct loop *loop;
    struct table *table;
};

static void on_work(uv_work_t *work)
{
    const struct burial *burial = work->data;

    table_free(burial->table);
}

static void on_work_done(uv_work_t *work, int rc)
{
    struct burial *burial = work->data;

    (void)rc; /* it is never cancelled */
    burial->loop->jobs--;
    free(burial);
}

void burial_bury(struct table *table)
{
    struct loop *loop = loop_current();
    struct burial *burial = loop != NULL ? malloc(sizeof *burial) : NULL;

    if (burial == NULL) {
        table_free(table);
        return;
    }
    burial->work.data = burial;
    burial->loop = loop;
    burial->table = table;
    loop->jobs++;
    uv_queue_work(&loop->uv, &burial->work, on_work, on_work_done);
}
