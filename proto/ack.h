/* When a write is answered, numbered as `enum Ack` in cardinal.proto. */
#ifndef CARDINAL_PROTO_ACK_H
#define CARDINAL_PROTO_ACK_H

enum ack {
    ACK_DEFAULT = 0, /* as the table says, or else the server */
    ACK_MEMORY = 1,  /* once it is visible to every later read */
    ACK_DURABLE = 2, /* once it is on disk */
};

#endif
