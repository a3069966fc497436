"""Carball: vectorised car soccer on a plane, one to three cars a team."""
