/* Plays the first legal action, in games where a side is one agent with numbered actions.
 *
 * The lines have fixed keys and no spaces, so a few calls of strstr are all the JSON that a bot like this needs. It asks
 * for no observations; a bot that looks at the board finds it after "observation": as nested lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        if (strstr(line, "\"type\":\"hello\"")) {
            puts("{\"type\":\"ready\",\"observation\":\"none\"}");
        } else if (strstr(line, "\"type\":\"act\"")) {
            const char *id = strstr(line, "\"id\":\"");
            const char *legal = strstr(line, "\"legal\":[");
            if (!id || !legal) {
                fprintf(stderr, "cannot read: %s", line);
                return 1;
            }
            printf("{\"id\":\"%.16s\",\"action\":%ld}\n", id + 6, strtol(legal + 9, NULL, 10));
        }
        fflush(stdout); /* a line that stays in the buffer is a move that never comes */
    }
    free(line);
    return 0;
}
