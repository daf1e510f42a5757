/* Wakes up at absolute times, as cyclictest does, and prints by how many nanoseconds each was late: the best a program can do here.
 *
 * jitter PERIOD_US CYCLES PRIORITY
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

static long long ns(const struct timespec *t) { return t->tv_sec * 1000000000LL + t->tv_nsec; }

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: jitter PERIOD_US CYCLES PRIORITY\n");
        return 2;
    }
    long long period_ns = atoll(argv[1]) * 1000;
    long cycles = atol(argv[2]);
    struct sched_param parameter = {.sched_priority = atoi(argv[3])};
    long long *late_ns = calloc(cycles, sizeof *late_ns);
    if (late_ns == NULL)
        return 1;
    mlockall(MCL_CURRENT | MCL_FUTURE);
    sched_setscheduler(0, SCHED_FIFO, &parameter);
    struct timespec now, next;
    clock_gettime(CLOCK_BOOTTIME, &now);
    long long due_ns = ns(&now);
    for (long i = 0; i < cycles; i++) {
        due_ns += period_ns;
        next.tv_sec = due_ns / 1000000000LL;
        next.tv_nsec = due_ns % 1000000000LL;
        while (clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &next, NULL) != 0)
            ;
        clock_gettime(CLOCK_BOOTTIME, &now);
        late_ns[i] = ns(&now) - due_ns;
        if (late_ns[i] > period_ns) /* as after a suspend: begin anew, and do not run after what is lost */
            due_ns = ns(&now);
    }
    for (long i = 0; i < cycles; i++)
        printf("%lld\n", late_ns[i]);
    return 0;
}
