"""Connect Four: wins if it can, blocks if it must, and else looks a few moves ahead."""

import json
import sys
import time

ROWS, COLUMNS = 6, 7
ORDER = (3, 2, 4, 1, 5, 0, 6)  # the middle first: it is part of most lines
LINES = [
    [(row + step * down, column + step * right) for step in range(4)]
    for row in range(ROWS)
    for column in range(COLUMNS)
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1))
    if row + 3 * down < ROWS and 0 <= column + 3 * right < COLUMNS
]


def read(planes, me):
    """The board as a list of rows, lowest first: 1 is mine, -1 the other's, 0 empty."""
    mine, other = planes[me], planes[1 - me]
    return [[int(mine[row][c]) - int(other[row][c]) for c in range(COLUMNS)] for row in range(ROWS)]


def play(board, column, who):
    """Drop a stone; the row it fell to, or -1 where the column is full."""
    for row in range(ROWS):
        if not board[row][column]:
            board[row][column] = who
            return row
    return -1


def won(board, row, column):
    """Whether the stone at this place is part of four in a row."""
    who = board[row][column]
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        count = 1
        for sign in (1, -1):
            r, c = row + sign * down, column + sign * right
            while 0 <= r < ROWS and 0 <= c < COLUMNS and board[r][c] == who:
                count, r, c = count + 1, r + sign * down, c + sign * right
        if count >= 4:
            return True
    return False


def worth(board, who):
    """How good a quiet position is for `who`: lines that only one of the two can still fill."""
    total = 0
    for line in LINES:
        stones = [board[row][column] for row, column in line]
        if -who not in stones:
            total += stones.count(who) ** 2
        if who not in stones:
            total -= stones.count(-who) ** 2
    return total


def search(board, who, depth, alpha, beta, until):
    """Negamax with alpha-beta: the value for `who`, and the best column."""
    if depth == 0 or time.monotonic() > until:
        return worth(board, who), None
    best, choice = -(10**9), None
    for column in ORDER:
        row = play(board, column, who)
        if row < 0:
            continue
        if won(board, row, column):  # noqa: SIM108
            value = 10**6 + depth
        else:
            value = -search(board, -who, depth - 1, -beta, -alpha, until)[0]
        board[row][column] = 0
        if value > best:
            best, choice = value, column
        alpha = max(alpha, value)
        if alpha >= beta:
            break
    return (0, None) if choice is None else (best, choice)  # a full board is a draw


def choose(message):
    """The best column that the time allows, searching deeper and deeper."""
    board = read(message["observation"], message["agent"])
    until = time.monotonic() + 0.3 * message["clock"]["move"] + 0.02 * message["clock"]["bank"]
    best = message["legal"][len(message["legal"]) // 2]
    for depth in range(1, 9):
        _, column = search(board, 1, depth, -(10**9), 10**9, until)
        if time.monotonic() > until and depth > 1:
            break
        best = best if column is None else column
    return best


for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "hello":
        print('{"type": "ready"}', flush=True)
    elif message["type"] == "act":
        print(json.dumps({"id": message["id"], "action": choose(message)}), flush=True)
