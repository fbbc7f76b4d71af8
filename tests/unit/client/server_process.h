/* A server that answers everything, in a process of its own: what fails here fails
 * the client alone. */
#ifndef CARDINAL_TESTS_SERVER_PROCESS_H
#define CARDINAL_TESTS_SERVER_PROCESS_H

struct server_process {
    char address[64];
    int pid;
};

/* It has one table, t, and in it one key. */
void server_process_start(struct server_process *server);
void server_process_stop(struct server_process *server);

#endif
