"""The scenarios that VMAS brings, written down here so that listing the plugin imports neither VMAS nor torch."""

from __future__ import annotations

LISTED = {
    "balance": "Agents balance a package on a line, against gravity, and carry it to a goal",
    "ball_passage": "Agents push a ball through a passage to a goal",
    "ball_trajectory": "Two agents, linked, roll a ball along a circle",
    "discovery": "Agents find targets that need several of them at once",
    "dispersion": "Agents spread over the goals",
    "dropout": "One agent is enough, and every move costs",
    "flocking": "Agents flock around a target",
    "give_way": "Two agents change places where only one of them can pass",
    "joint_passage": "Two agents, linked, turn to get through a gap",
    "joint_passage_size": "Two agents, linked unevenly, choose the gap that they get through",
    "multi_give_way": "Four agents cross where only one can pass",
    "navigation": "Agents go to a goal each, and see each other by lidar",
    "passage": "A formation of agents gets through a narrow passage and forms again",
    "reverse_transport": "Agents inside a package push it to a goal",
    "transport": "Agents push a package that is too heavy for one to a goal",
    "wheel": "Agents turn a heavy line at a given speed",
    "wind_flocking": "Agents keep a formation in the wind",
}
