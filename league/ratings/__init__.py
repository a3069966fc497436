"""Rating systems: what turns results into strengths; one small file each. See docs/schedules-and-ratings.md."""

from league.ratings.rating import OnlineRatingSystem, Rating, RatingSystem

__all__ = ["OnlineRatingSystem", "Rating", "RatingSystem"]
