"""promptwire beside other tools: the same work against one fake server, in turns."""
