"""Plays uniformly at random in any game. Copy it to begin a bot of your own: only `choose` needs to change."""

import json
import random
import sys


def choose(view, action):
    """The action of one agent. `view` has what it sees and what is legal; `action` describes its action space."""
    legal = view.get("legal")
    if action["type"] == "discrete":
        return random.choice(legal if legal is not None else range(action["n"]))
    if action["type"] == "multi_discrete":
        return [random.choice(part) for part in legal or [range(n) for n in action["nvec"]]]
    return numbers(action["shape"], action)


def numbers(shape, action):
    """Numbers between the bounds (or -1 and 1 where there are none), in nested lists."""
    if shape:
        return [numbers(shape[1:], action) for _ in range(shape[0])]
    low = -1.0 if action["low"] is None else action["low"]
    high = 1.0 if action["high"] is None else action["high"]
    whole = not action["dtype"].startswith("float")
    return random.randint(int(low), int(high)) if whole else random.uniform(low, high)


def main():
    """Answer line after line until the host closes the pipe."""
    spaces = {}
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "hello":
            spaces = {agent["index"]: agent["action"] for agent in message["agents"]}
            say({"type": "ready", "observation": "none"})  # it does not look; leave this out to be sent observations
        elif message["type"] == "act" and "acts" in message:  # a side of several agents
            actions = [choose(view, spaces[view["agent"]]) for view in message["acts"]]
            say({"id": message["id"], "actions": actions})
        elif message["type"] == "act":
            say({"id": message["id"], "action": choose(message, spaces[message["agent"]])})


def say(message):
    """One line, at once. Standard output is for the protocol only: print what you want to know to sys.stderr."""
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
