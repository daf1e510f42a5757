/* Watches a KELLER transmitter and stops an NE-1000 when its pressure crosses a limit: nothing else, and as fast as a program can.
 *
 * stop PUMP PRESSURE LIMIT_BAR REQUEST POLL STOP PRIORITY WRITTEN
 * PUMP, PRESSURE: terminals. REQUEST, POLL, STOP: frames in hexadecimal; the first goes to the transmitter every 5 ms, the second to
 * the pump every 50 ms, the third once. WRITTEN: a descriptor that gets the time at which STOP was written, in ns of CLOCK_BOOTTIME,
 * as 8 bytes. Ends after STOP, or after 10 s.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD_NS = 5000000, POLL_EVERY = 10, TURNS = 2000, REPLY = 9, LONGEST = 64 };

struct frame {
    unsigned char byte[LONGEST];
    size_t length;
};

static struct frame parsed(const char *text)
{
    struct frame frame = {.length = 0};
    for (; text[0] && text[1] && frame.length < LONGEST; text += 2) {
        unsigned value = 0;
        sscanf(text, "%2x", &value);
        frame.byte[frame.length++] = (unsigned char)value;
    }
    return frame;
}

static int opened(const char *path)
{
    int descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
    struct termios mode;
    if (descriptor < 0 || tcgetattr(descriptor, &mode) != 0) {
        perror(path);
        exit(1);
    }
    cfmakeraw(&mode);
    tcsetattr(descriptor, TCSANOW, &mode);
    return descriptor;
}

static uint16_t crc16(const unsigned char *data, size_t length)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? (uint16_t)(crc >> 1 ^ 0xA001) : (uint16_t)(crc >> 1);
    }
    return crc;
}

static void send_frame(int descriptor, const struct frame *frame)
{
    if (write(descriptor, frame->byte, frame->length) != (ssize_t)frame->length)
        exit(1);
}

int main(int argc, char **argv)
{
    if (argc != 9) {
        fprintf(stderr, "usage: stop PUMP PRESSURE LIMIT_BAR REQUEST POLL STOP PRIORITY WRITTEN\n");
        return 2;
    }
    int pump = opened(argv[1]), pressure = opened(argv[2]);
    float limit_bar = strtof(argv[3], NULL);
    struct frame request = parsed(argv[4]), poll = parsed(argv[5]), stop = parsed(argv[6]);
    struct sched_param parameter = {.sched_priority = atoi(argv[7])};
    mlockall(MCL_CURRENT | MCL_FUTURE);
    sched_setscheduler(0, SCHED_FIFO, &parameter);

    int timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
    struct itimerspec every = {.it_interval = {0, PERIOD_NS}, .it_value = {0, PERIOD_NS}};
    timerfd_settime(timer, 0, &every, NULL);
    int epoll = epoll_create1(0);
    int watched[] = {timer, pressure, pump};
    for (int i = 0; i < 3; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = watched[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, watched[i], &event);
    }
    unsigned char reply[LONGEST], drop[256];
    size_t have = 0;
    for (int turn = 0; turn < TURNS;) {
        struct epoll_event ready[3];
        int count = epoll_wait(epoll, ready, 3, 20);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd == pump) {
                if (read(pump, drop, sizeof drop) < 0)
                    continue;
            } else if (ready[i].data.fd == pressure) {
                ssize_t got = read(pressure, reply + have, sizeof reply - have);
                have += got > 0 ? (size_t)got : 0;
                if (have < REPLY)
                    continue;
                uint32_t word = (uint32_t)reply[2] << 24 | (uint32_t)reply[3] << 16 | (uint32_t)reply[4] << 8 | reply[5];
                float bar;
                memcpy(&bar, &word, sizeof bar);
                if (crc16(reply, REPLY - 2) == (reply[REPLY - 2] << 8 | reply[REPLY - 1]) && bar >= limit_bar) {
                    send_frame(pump, &stop);
                    struct timespec at;
                    clock_gettime(CLOCK_BOOTTIME, &at);
                    int64_t at_ns = at.tv_sec * 1000000000LL + at.tv_nsec;
                    if (write(atoi(argv[8]), &at_ns, sizeof at_ns) != sizeof at_ns)
                        return 1;
                    usleep(20000); /* the terminal is not to go before it has been read */
                    return 0;
                }
                have = 0;
            } else {
                uint64_t expired;
                if (read(timer, &expired, sizeof expired) < 0)
                    continue;
                have = 0;
                send_frame(pressure, &request);
                if (turn++ % POLL_EVERY == 0)
                    send_frame(pump, &poll);
            }
        }
    }
    return 3;
}
