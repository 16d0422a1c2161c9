/* A battery of TestU01 on the 32-bit words that come in: battery small|crush|big NAME < words */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testu01/unif01.h>
#include <testu01/bbattery.h>
#include <testu01/swrite.h>

static unsigned int buffer[1 << 14];
static size_t used, held;
static unsigned long long words;

static unsigned int next_word(void) {
  if (used == held) {
    held = fread(buffer, sizeof *buffer, sizeof buffer / sizeof *buffer, stdin);
    used = 0;
    if (held == 0) {
      fprintf(stderr, "the words have come to an end\n");
      exit(2);
    }
  }
  words++;
  return buffer[used++];
}

int main(int count, char **arguments) {
  if (count != 3) return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  swrite_Basic = FALSE;
  unif01_Gen *generator = unif01_CreateExternGenBits(arguments[2], next_word);
  if (!strcmp(arguments[1], "small")) bbattery_SmallCrush(generator);
  else if (!strcmp(arguments[1], "crush")) bbattery_Crush(generator);
  else if (!strcmp(arguments[1], "big")) bbattery_BigCrush(generator);
  else return 2;
  printf("bytes read: %llu\n", 4 * words);
  return 0;
}
