/*
 * Records what a process does to a disk. Loaded with LD_PRELOAD: every write, truncation and sync of a file whose path begins
 * with RECORDING_PREFIX is appended to RECORDING_LOG: operation, length of the path's rest, offset, length (32, 32, 64,
 * 64 bits), the path's rest, the data.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE = 2, SYNC = 3 };

#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = dlsym(RTLD_NEXT, name)

static void put(int log, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  while (size > 0) {
    ssize_t done = real(log, data, size);
    if (done <= 0) abort();
    data = (const char *)data + done;
    size -= done;
  }
}

static void record(int fd, uint32_t operation, int64_t offset, const void *data, int64_t size) {
  static int log = -1;
  const char *prefix = getenv("RECORDING_PREFIX"), *to = getenv("RECORDING_LOG");
  char link[64], path[PATH_MAX];
  if (prefix == NULL || to == NULL) return;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  if (strncmp(path, prefix, strlen(prefix)) != 0) return;
  if (log < 0) log = open(to, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const char *rest = path + strlen(prefix);
  uint32_t head[2] = {operation, strlen(rest)};
  int64_t place[2] = {offset, size};
  put(log, head, sizeof head);
  put(log, place, sizeof place);
  put(log, rest, strlen(rest));
  if (data != NULL) put(log, data, size);
}

ssize_t write(int fd, const void *data, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  off_t at = lseek(fd, 0, SEEK_CUR);
  ssize_t done = real(fd, data, size);
  if (done > 0) record(fd, WRITE, at, data, done);
  return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
  REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
  ssize_t done = real(fd, data, size, at);
  if (done > 0) record(fd, WRITE, at, data, done);
  return done;
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  ssize_t done = real(fd, data, size, at);
  if (done > 0) record(fd, WRITE, at, data, done);
  return done;
}
int ftruncate(int fd, off_t size) {
  REAL(int, "ftruncate", int, off_t);
  int result = real(fd, size);
  if (result == 0) record(fd, TRUNCATE, 0, NULL, size);
  return result;
}
int ftruncate64(int fd, off64_t size) {
  REAL(int, "ftruncate64", int, off64_t);
  int result = real(fd, size);
  if (result == 0) record(fd, TRUNCATE, 0, NULL, size);
  return result;
}
int fsync(int fd) {
  REAL(int, "fsync", int);
  int result = real(fd);
  if (result == 0) record(fd, SYNC, 0, NULL, 0);
  return result;
}
int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  int result = real(fd);
  if (result == 0) record(fd, SYNC, 0, NULL, 0);
  return result;
}
