"""The demo company: people, posts and sites that are invented, served on loopback and collected by the real code."""
