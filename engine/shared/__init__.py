"""What several machines share through a Redis server."""
