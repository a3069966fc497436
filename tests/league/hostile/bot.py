"""What the hostile bots share: an honest player of protocol 1, and a way to attack.

Each program here is one attack, bounded by itself: a failing sandbox must not take the machine down. Run as a bot
(`python3 fork_bomb.py`) it plays honestly and attacks before it answers its first move. Run as
`python3 fork_bomb.py now [targets...]` it attacks at once and prints SUCCESS or FAILED and why.
"""

import json
import os
import signal
import sys


def main(attack):
    """Attack now, or during a match. An attack raises when it is refused."""
    signal.alarm(20)
    if sys.argv[1:2] == ["now"]:
        try:
            print("SUCCESS", attack(*sys.argv[2:]), flush=True)
        except Exception as error:
            print("FAILED", repr(error), flush=True)
        return

    def answer(message, count):
        if count == 0:
            try:
                attack()
            except Exception as error:
                print(repr(error), file=sys.stderr)
        return honest(message, count)

    play(answer)


def play(answer, ready='{"type":"ready"}'):
    """Speak the protocol: `answer(message, count)` gives the line for the count-th request, or None to keep silent."""
    signal.alarm(60)
    count = 0
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            say(ready)
        elif message["type"] == "act":
            said = answer(message, count)
            count += 1
            if said is not None:
                say(said)


def honest(message, _count=0):
    """The first legal action."""
    if "acts" in message:
        return move(message, [first(view) for view in message["acts"]])
    return move(message, first(message))


def first(view):
    """The first legal action of one agent."""
    legal = view.get("legal", [0])
    return [part[0] for part in legal] if isinstance(legal[0], list) else legal[0]


def move(message, action):
    """A line that answers a request."""
    key = "actions" if "acts" in message else "action"
    return json.dumps({"id": message["id"], key: action})


def say(text):
    """Write a line, whole."""
    os.write(1, text.encode() + b"\n")


def child(work, seconds=5):
    """Fork a process that does something and ends within `seconds`, come what may."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(seconds)
    try:
        work()
    finally:
        os._exit(0)
