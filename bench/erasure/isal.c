/*
 * ISA-L on one case: isal DATA_SHARDS TOTAL_SHARDS BYTES encode|reconstruct SECONDS. Prints bytes of blobs per second. Shards lie
 * where they are multiplied, and tables are made once.
 */
#include <isa-l/erasure_code.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_SHARDS 32

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **args) {
  if (count != 6) return 2;
  int k = atoi(args[1]), n = atoi(args[2]), m = n - k;
  if (k < m || n > MAX_SHARDS) return 2;
  long bytes = atol(args[3]), shard = (bytes / k + 63) / 64 * 64;
  int rebuilds = strcmp(args[4], "reconstruct") == 0;
  double seconds = atof(args[5]);

  static unsigned char matrix[MAX_SHARDS * MAX_SHARDS], square[MAX_SHARDS * MAX_SHARDS], inverse[MAX_SHARDS * MAX_SHARDS];
  static unsigned char tables[MAX_SHARDS * MAX_SHARDS * 32];
  unsigned char *shards[MAX_SHARDS], *whole = malloc(m * shard);
  for (int i = 0; i < n; i++) {
    shards[i] = aligned_alloc(64, shard);
    for (long at = 0; at < shard; at++) shards[i][at] = rand();
  }
  gf_gen_cauchy1_matrix(matrix, n, k);
  ec_init_tables(k, m, matrix + k * k, tables);
  ec_encode_data(shard, k, m, tables, shards, shards + k);

  unsigned char **inputs = shards, **outputs = shards + k;
  if (rebuilds) {
    /* The first m are gone, so what is left begins at m and goes on to the end. */
    for (int i = 0; i < m; i++) memcpy(whole + i * shard, shards[i], shard);
    memcpy(square, matrix + m * k, k * k);
    if (gf_invert_matrix(square, inverse, k) != 0) return 1;
    ec_init_tables(k, m, inverse, tables);
    inputs = shards + m;
    outputs = shards;
    for (int i = 0; i < m; i++) memset(shards[i], 0, shard);
  }
  long done = 0;
  double start = now(), elapsed = 0;
  while (elapsed < seconds) {
    for (int i = 0; i < 16; i++) ec_encode_data(shard, k, m, tables, inputs, outputs);
    done += 16;
    elapsed = now() - start;
  }
  for (int i = 0; rebuilds && i < m; i++)
    if (memcmp(whole + i * shard, shards[i], shard) != 0) return 1;
  printf("%.0f\n", done * (double)bytes / elapsed);
  return 0;
}
