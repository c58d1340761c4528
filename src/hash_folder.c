/* Hashes one file of every folder in a folder. Without Lua, for a thread: the migrations
 * are read while the server is waited for. */
#include "hash_folder.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define STAMP 14 /* digits: 20240131120000_add_users */

void tilth_folder_dispose(void *data)
{
    struct tilth_folder *folder = data;
    for (size_t i = 0; i < folder->count; i++)
        free(folder->entries[i].name);
    free(folder->entries);
    free(folder->listing);
    free(folder->path);
    free(folder->tail);
    free(folder);
}

struct tilth_folder *tilth_folder_new(const char *path, const char *tail)
{
    struct tilth_folder *folder = calloc(1, sizeof *folder);
    if (folder == NULL)
        return NULL;
    folder->path = strdup(path);
    folder->tail = strdup(tail);
    if (folder->path != NULL && folder->tail != NULL)
        return folder;
    tilth_folder_dispose(folder);
    return NULL;
}

static bool add(struct tilth_folder *folder, const struct dirent *found)
{
    if (folder->count == folder->room) {
        size_t room = folder->room * 2 + 64;
        struct tilth_folder_entry *entries =
            realloc(folder->entries, room * sizeof *entries);
        if (entries == NULL)
            return false;
        folder->entries = entries;
        folder->room = room;
    }
    struct tilth_folder_entry *entry = &folder->entries[folder->count];
    *entry = (struct tilth_folder_entry){.name = strdup(found->d_name),
                                         .folder = found->d_type == DT_DIR};
    if (entry->name == NULL)
        return false;
    folder->count++;
    folder->folders += entry->folder;
    return found->d_type !=
           DT_UNKNOWN; /* some file systems do not say: stat is needed then */
}

static bool list(struct tilth_folder *folder, DIR *directory)
{
    for (;;) {
        errno = 0;
        const struct dirent *found = readdir(directory);
        if (found == NULL)
            return errno == 0;
        if (strcmp(found->d_name, ".") != 0 && strcmp(found->d_name, "..") != 0 &&
            !add(folder, found))
            return false;
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct tilth_folder_entry *)a)->name,
                  ((const struct tilth_folder_entry *)b)->name);
}

/* Writes what can be compared with the history at one go. Names hold no slash, so that no
 * two lists of names give the same text. */
static void write_listing(struct tilth_folder *folder)
{
    size_t room = 1;
    for (size_t i = 0; i < folder->count; i++) {
        if (folder->entries[i].folder && !folder->entries[i].read)
            return;
        room += 2 * TILTH_HASH_BYTES + 2 + strlen(folder->entries[i].name);
    }
    char *to = folder->listing = malloc(room);
    for (size_t i = 0; to != NULL && i < folder->count; i++) {
        const struct tilth_folder_entry *entry = &folder->entries[i];
        if (entry->folder) {
            tilth_hash_write_hex(to, entry->file.digest, TILTH_HASH_BYTES);
            to += 2 * TILTH_HASH_BYTES;
            *to++ = '/';
            to = stpcpy(to, entry->name);
            *to++ = '/';
        }
    }
    if (to != NULL)
        *to = '\0';
}

/* Do the folders' names begin with fourteen digits, ascending, and an underscore? */
static bool has_stamps(const struct tilth_folder *folder)
{
    const char *before = NULL;
    for (size_t i = 0; i < folder->count; i++) {
        const char *name = folder->entries[i].name;
        if (!folder->entries[i].folder)
            continue;
        if (strspn(name, "0123456789") != STAMP || name[STAMP] != '_' ||
            (before != NULL && strncmp(before, name, STAMP) >= 0))
            return false;
        before = name;
    }
    return true;
}

void tilth_folder_read(void *data)
{
    struct tilth_folder *folder = data;
    DIR *directory = opendir(folder->path);
    if (directory == NULL)
        return;
    if (list(folder, directory)) {
        if (folder->count > 0)
            qsort(folder->entries, folder->count, sizeof *folder->entries, compare);
        folder->complete = true;
        for (size_t i = 0; i < folder->count; i++) {
            struct tilth_folder_entry *entry = &folder->entries[i];
            char path[2 * NAME_MAX + 2];
            size_t length = strlen(entry->name) + 1 + strlen(folder->tail);
            if (!entry->folder || length >= sizeof path)
                continue;
            stpcpy(stpcpy(stpcpy(path, entry->name), "/"), folder->tail);
            entry->read = tilth_hash_file(dirfd(directory), path, &entry->file);
        }
        write_listing(folder);
        folder->stamped = has_stamps(folder);
    }
    closedir(directory);
}
