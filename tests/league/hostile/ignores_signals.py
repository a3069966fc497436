"""Ignores the end of its input and every signal that can be ignored."""

import json
import signal
import sys
import time

from bot import honest, say

signal.alarm(30)
for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGALRM}:
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    line = sys.stdin.readline()
    if not line:
        time.sleep(0.1)
    elif '"hello"' in line:
        say('{"type":"ready"}')
    elif '"act"' in line and sys.argv[1:] != ["never"]:
        say(honest(json.loads(line)))
