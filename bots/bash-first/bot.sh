#!/usr/bin/env bash
# Plays the first legal action, in games where a side is one agent with numbered actions. Bash alone, no other program.
while IFS= read -r line; do
  if [[ $line == *'"type":"hello"'* ]]; then
    echo '{"type":"ready","observation":"none"}'
  elif [[ $line =~ \"id\":\"([0-9a-f]+)\" ]]; then
    id=${BASH_REMATCH[1]}
    [[ $line =~ \"legal\":\[([0-9]+) ]]
    echo "{\"id\":\"$id\",\"action\":${BASH_REMATCH[1]}}"
  fi
done
