/* Runs the flow of several projects at once: `threads FOLDER URL [FOLDER URL]...`. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tilth.h>
#include <unistd.h>

#define MOST 8
#define ROUNDS 3

struct job {
    const char *folder;
    const char *url;
    int status;
    int lines;
    char message[1024];
};

static void count(void *user, enum tilth_level level, const char *text)
{
    struct job *job = user;
    (void)text;
    job->lines += level == TILTH_LEVEL_INFO || level == TILTH_LEVEL_DONE;
}

/* Every round has a handle of its own; the last one's outcome is kept. */
static void *work(void *user)
{
    static const char *const words[] = {"flow", "--no-build"};
    struct job *job = user;
    for (int i = 0; i < ROUNDS && job->status == 0; i++) {
        tilth *handle = tilth_new();
        tilth_set_folder(handle, job->folder);
        tilth_set_variable(handle, "DATABASE_URL", job->url);
        tilth_set_variable(handle, "RUN_SEED", "true");
        tilth_set_log(handle, count, job);
        job->status = tilth_command(handle, 2, words);
        if (tilth_error(handle) != NULL)
            snprintf(job->message, sizeof job->message, "%s",
                     tilth_error(handle)->message);
        tilth_free(handle);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct job jobs[MOST];
    pthread_t threads[MOST];
    char before[4096], after[4096];
    int number = (argc - 1) / 2;
    if (number < 1 || number > MOST || getcwd(before, sizeof before) == NULL)
        return 2;
    memset(jobs, 0, sizeof jobs);
    for (int i = 0; i < number; i++) {
        jobs[i].folder = argv[1 + 2 * i];
        jobs[i].url = argv[2 + 2 * i];
        pthread_create(&threads[i], NULL, work, &jobs[i]);
    }
    for (int i = 0; i < number; i++) {
        pthread_join(threads[i], NULL);
        printf("job %d: %d, %s %s\n", i, jobs[i].status,
               jobs[i].lines > 0 ? "heard" : "silent", jobs[i].message);
    }
    printf("folder %s\n",
           getcwd(after, sizeof after) != NULL && strcmp(before, after) == 0 ? "unchanged"
                                                                             : "changed");
    printf("environment %s\n",
           getenv("DATABASE_URL") == NULL && getenv("RUN_SEED") == NULL ? "unchanged"
                                                                        : "changed");
    return 0;
}
