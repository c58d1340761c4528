/* What the files of tilth.core.fs share. */
#ifndef TILTH_FS_H
#define TILTH_FS_H

#include <lua.h>
#include <sys/stat.h>

/* Pushes a box for a descriptor (-1: none) that closes it. The caller may lua_toclose it.
 */
int *tilth_fs_descriptor(lua_State *L);

/* An optional file mode (0 to 07777), -1 when the argument is absent. */
int tilth_fs_check_mode(lua_State *L, int argument);

/* "file", "directory", "link" or "other". */
const char *tilth_fs_type(mode_t mode);

int tilth_fs_read(lua_State *L);
int tilth_fs_write(lua_State *L);
int tilth_fs_append(lua_State *L);
int tilth_fs_sync(lua_State *L);
int tilth_fs_mkdir(lua_State *L);
int tilth_fs_list(lua_State *L);
int tilth_fs_remove_tree(lua_State *L);
int tilth_fs_temporary(lua_State *L);
int tilth_fs_lock(lua_State *L);

#endif
