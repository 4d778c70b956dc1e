/*
 * Faults of the disk and of the wall clock, put between a process and its libc by LD_PRELOAD.
 *
 * CHAOS_SHIM names a control file of eight 64-bit integers that is mapped and shared: whoever writes the file steers every
 * process that has it mapped, at once. CHAOS_SHIM_PATH is a prefix of paths: only files below it are touched.
 *
 *   0 sync delay in microseconds     1 errno of fsync and fdatasync, 0: they work    2 errno of writes and of resizing
 *   3 shift of the wall clock, in nanoseconds    4 syncs delayed    5 syncs failed    6 writes failed    7 (unused)
 *
 * A sync that fails has not reached the disk. A monotonic clock is never shifted.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SYNC_DELAY, SYNC_ERRNO, WRITE_ERRNO, CLOCK_SHIFT, DELAYED, SYNCS_FAILED, WRITES_FAILED, SLOTS = 8 };

static volatile int64_t *control;
static const char *prefix;
static size_t prefix_length;

#define REAL(name) ((__typeof__(&name))real(&real_##name, #name))
static void *real(void **slot, const char *name) {
  if (*slot == NULL) *slot = dlsym(RTLD_NEXT, name);
  return *slot;
}

__attribute__((constructor)) static void map_control(void) {
  const char *path = getenv("CHAOS_SHIM");
  prefix = getenv("CHAOS_SHIM_PATH");
  if (path == NULL || prefix == NULL) return;
  prefix_length = strlen(prefix);
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void *map = mmap(NULL, SLOTS * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (map != MAP_FAILED) control = map;
}

static int is_meant(int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  return length >= (ssize_t)prefix_length && strncmp(path, prefix, prefix_length) == 0;
}

static int fails(int file, int which, int counter) {
  if (control == NULL || control[which] == 0 || !is_meant(file)) return 0;
  __atomic_add_fetch(&control[counter], 1, __ATOMIC_RELAXED);
  errno = (int)control[which];
  return 1;
}

static void delay(int file) {
  if (control == NULL || control[SYNC_DELAY] == 0 || !is_meant(file)) return;
  __atomic_add_fetch(&control[DELAYED], 1, __ATOMIC_RELAXED);
  usleep((useconds_t)control[SYNC_DELAY]);
}

static void *real_fsync, *real_fdatasync, *real_pwrite64, *real_write, *real_writev, *real_ftruncate64;
static void *real_clock_gettime, *real_gettimeofday;

int fsync(int file) {
  delay(file);
  return fails(file, SYNC_ERRNO, SYNCS_FAILED) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file) {
  delay(file);
  return fails(file, SYNC_ERRNO, SYNCS_FAILED) ? -1 : REAL(fdatasync)(file);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  return fails(file, WRITE_ERRNO, WRITES_FAILED) ? -1 : REAL(pwrite64)(file, bytes, count, offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
  return fails(file, WRITE_ERRNO, WRITES_FAILED) ? -1 : REAL(write)(file, bytes, count);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  return fails(file, WRITE_ERRNO, WRITES_FAILED) ? -1 : REAL(writev)(file, parts, count);
}

int ftruncate64(int file, off64_t length) {
  return fails(file, WRITE_ERRNO, WRITES_FAILED) ? -1 : REAL(ftruncate64)(file, length);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = REAL(clock_gettime)(clock, time);
  if (result != 0 || control == NULL || control[CLOCK_SHIFT] == 0) return result;
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) return result;
  int64_t total = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + control[CLOCK_SHIFT];
  time->tv_sec = total / 1000000000;
  time->tv_nsec = total % 1000000000;
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  int result = REAL(gettimeofday)(time, zone);
  if (result != 0 || control == NULL || control[CLOCK_SHIFT] == 0) return result;
  int64_t total = (int64_t)time->tv_sec * 1000000 + time->tv_usec + control[CLOCK_SHIFT] / 1000;
  time->tv_sec = total / 1000000;
  time->tv_usec = total % 1000000;
  return result;
}
