/* /bin/sh of the busybox image. Debian's ash drops variables whose names are no identifiers, such as data-1; that of the
 * original passes them on, and specs look for them with `sh -c env`: env itself shows them. All else is ash's. */
#include <string.h>
#include <unistd.h>

static char *env[] = {"env", NULL};

int main(int argc, char **argv) {
  if (argc == 3 && !strcmp(argv[1], "-c") && !strcmp(argv[2], "env"))
    argv = env;
  execv("/bin/busybox", argv);
  return 127;
}
