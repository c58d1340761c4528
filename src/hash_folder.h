/* A folder of folders, with the hash of one file in each of them. */
#ifndef TILTH_HASH_FOLDER_H
#define TILTH_HASH_FOLDER_H

#include "hash.h"

#include <stdbool.h>
#include <stddef.h>

struct tilth_folder_entry {
    char *name;
    bool folder; /* of a real folder, not of a link to one */
    bool read;
    struct tilth_hash_file file;
};

struct tilth_folder {
    char *path, *tail;
    struct tilth_folder_entry *entries;
    size_t count, room;
    size_t folders; /* among the entries */
    bool complete;  /* false: something here needs the slow, explaining way */
    char *listing;  /* DIGEST/NAME/ of each folder; NULL: one has no such file */
    bool stamped;   /* all names begin with ascending stamps */
};

/* PATH is the folder, TAIL the file in each folder of it. NULL: no memory. */
struct tilth_folder *tilth_folder_new(const char *path, const char *tail);

/* Reads it, into a struct tilth_folder; blocks. */
void tilth_folder_read(void *folder);

/* Frees a struct tilth_folder. */
void tilth_folder_dispose(void *folder);

#endif
