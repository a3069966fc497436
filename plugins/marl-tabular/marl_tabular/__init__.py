"""Solvers of small games: tables for every player, and the whole game in every iteration."""
