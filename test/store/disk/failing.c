/*
 * A disk that fails. Loaded into a process with LD_PRELOAD: while the file FAILING_TRIGGER exists, the calls that it names
 * ("sync", "write") fail for every open file whose path begins with FAILING_PREFIX: with EIO, or with EROFS where it says
 * "read-only" too, as on a file system that an error has made the kernel remount under its open files.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd, const char *call) {
  const char *trigger = getenv("FAILING_TRIGGER"), *prefix = getenv("FAILING_PREFIX");
  if (trigger == NULL || prefix == NULL) return 0;
  int kept = errno;
  char link[64], path[PATH_MAX], what[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  int failure = 0;
  if (length > 0) {
    path[length] = 0;
    if (strncmp(path, prefix, strlen(prefix)) == 0) {
      int file = open(trigger, O_RDONLY);
      if (file >= 0) {
        ssize_t (*real_read)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
        ssize_t got = real_read(file, what, sizeof what - 1);
        what[got > 0 ? got : 0] = 0;
        if (strstr(what, call) != NULL) failure = strstr(what, "read-only") != NULL ? EROFS : EIO;
        close(file);
      }
    }
  }
  errno = failure != 0 ? failure : kept;
  return failure != 0;
}

#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = dlsym(RTLD_NEXT, name)

int fsync(int fd) {
  REAL(int, "fsync", int);
  return fails(fd, "sync") ? -1 : real(fd);
}
int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  return fails(fd, "sync") ? -1 : real(fd);
}
ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  return fails(fd, "write") ? -1 : real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
  return fails(fd, "write") ? -1 : real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  return fails(fd, "write") ? -1 : real(fd, data, size, at);
}
