#include "client/lib/client.h"

cardinal_status cardinal_backup(cardinal_client *client, const char *directory,
                                cardinal_backup_result *out)
{
    Cardinal__V1__Backup message = CARDINAL__V1__BACKUP__INIT;
    struct call call;
    message.directory = (char *)directory;
    cardinal_status status =
        client_ask(client, CARDINAL__V1__REQUEST__BODY_BACKUP, &message.base, &call);
    if (status != CARDINAL_OK)
        return status;
    const Cardinal__V1__BackupReply *reply = call.reply->backup;
    if (out != NULL)
        *out =
            (cardinal_backup_result){ reply->snapshot, reply->tables, reply->keys, reply->bytes };
    call_release(&call);
    return CARDINAL_OK;
}
